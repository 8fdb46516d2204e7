/** Id of where the map stands on the page. */
export const MAP_PLACE = 'layer-map';
