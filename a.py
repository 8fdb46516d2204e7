import csv
import matplotlib.pyplot as plt
import numpy as np

plt.rcParams.update({"font.size": 8, "pdf.fonttype": 42})
rows = list(csv.reader(line for line in open("a.csv", encoding="utf-8") if line[0] != "#"))
number = lambda cell: float(cell) if cell else np.nan
charts = list(dict.fromkeys(row[0] for row in rows[1:]))
figure, axes = plt.subplots(1, 1, sharex=True, figsize=(3.25, 1.11), layout="constrained", squeeze=False)
for axis, chart in zip(axes[:, 0], charts):
    axis.set_title(chart, fontsize=8, loc="left")
    for name in dict.fromkeys(row[1] for row in rows[1:] if row[0] == chart):
        x, y, low, high = np.array([[number(cell) for cell in row[2:]] for row in rows[1:] if row[:2] == [chart, name]]).T
        axis.bar(x, y, yerr=np.nan_to_num([y - low, high - y]).clip(0), error_kw={"lw": 0.7})
axes[-1, 0].set_xlabel("layer")
figure.suptitle("mini-llama2: importance of attention, layer by layer", fontsize=8)
figure.savefig("a-matplotlib.pdf")
