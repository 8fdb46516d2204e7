/** Id of the place on the page where damage is measured and comes in. */
export const DAMAGE_PLACE = 'damage-place';
