// One figure of an answer's outputs: choose an output, see what it should read and what it read.
// The picture stands complete without this script, with the windows of one output drawn.
for (const root of document.querySelectorAll("figure[data-attempt]:not([data-ready])")) {
  root.dataset.ready = "";
  const told = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const svg = root.querySelector("svg");
  const status = root.querySelector("[role=status]");
  const grids = (title) =>
    [...svg.querySelectorAll("g[data-grid]")].filter((g) => g.dataset.grid === title);

  // Where entry (n, c, row, column) of a grid lies, and what its number is in an array of `shape`.
  const layout = (grid) => {
    const [n, c] = grid.dataset.plane.split(" ").map(Number);
    const [rows, columns, wide, tall] = grid.dataset.cells.split(" ").map(Number);
    return { n, c, rows, columns, wide, tall };
  };
  const number = ({ n, c }, [, C, H, W], row, column) => ((n * C + c) * H + row) * W + column;

  const rect = ({ wide, tall }, [row, column, rows, columns], inset, style) =>
    `<rect data-mark="" x="${column * wide + inset}" y="${row * tall + inset}" ` +
    `width="${columns * wide - 2 * inset}" height="${rows * tall - 2 * inset}" ${style}/>`;

  const mark = (title, shape, entries, role) => {
    for (const grid of grids(title)) {
      const place = layout(grid);
      const cells = [];
      for (let row = 0; row < place.rows; row++)
        for (let column = 0; column < place.columns; column++)
          if (entries.has(number(place, shape, row, column))) cells.push([row, column, 1, 1]);
      if (!cells.length) continue;
      const rows = cells.map((cell) => cell[0]), columns = cells.map((cell) => cell[1]);
      const top = Math.min(...rows), left = Math.min(...columns);
      const block = [top, left, Math.max(...rows) - top + 1, Math.max(...columns) - left + 1];
      const blocks = block[2] * block[3] === cells.length ? [block] : cells;
      const { fill, lines } = told.roles[role];
      for (const cell of blocks) {
        grid.insertAdjacentHTML("afterbegin", rect(place, cell, 0, fill));
        const first = grid.querySelector("[data-output]");  // what is clicked stays on top
        for (const [inset, stroke] of lines) {
          const line = rect(place, cell, inset, `fill="none" ${stroke}`);
          if (first) first.insertAdjacentHTML("beforebegin", line);
          else grid.insertAdjacentHTML("beforeend", line);
        }
      }
    }
  };

  const choose = (output, entry) => {
    for (const old of svg.querySelectorAll("[data-mark]")) old.remove();
    mark(told.source, told.shape, new Set(output.should[entry]), "window");
    if (output.did) mark(told.source, told.shape, new Set(output.did[entry]), "second");
    for (const title of output.titles) mark(title, output.shape, new Set([entry]), "output");
    status.textContent = output.says[entry];
  };

  const move = (event, output, cells, entry) => {
    const [, C, H, W] = output.shape;
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -W, ArrowDown: W, PageUp: -H * W, PageDown: H * W,
    };
    const target = event.key === "Home" ? Math.min(...cells.keys())
      : event.key === "End" ? Math.max(...cells.keys())
      : entry + (steps[event.key] ?? NaN);
    if (Number.isNaN(target)) return;
    event.preventDefault();
    event.stopPropagation();  // a notebook's own keys
    cells.get(target)?.focus();
  };

  for (const output of told.outputs)
    for (const [which, title] of output.titles.entries()) {
      const cells = new Map();
      for (const grid of grids(title)) {
        const place = layout(grid);
        for (let row = 0; row < place.rows; row++)
          for (let column = 0; column < place.columns; column++) {
            const entry = number(place, output.shape, row, column);
            const style = `data-output="" fill="transparent" role="button" tabindex="-1" ` +
              `style="cursor:pointer"`;
            grid.insertAdjacentHTML("beforeend", rect(place, [row, column, 1, 1], 0, style));
            const cell = grid.lastElementChild;
            cell.removeAttribute("data-mark");
            cell.setAttribute("aria-label", 
              `${title} ${output.values[which][entry]}: ${output.says[entry]}`);
            cells.set(entry, cell);
            cell.addEventListener("focus", () => {
              for (const other of cells.values()) other.tabIndex = -1;
              cell.tabIndex = 0;
              choose(output, entry);
            });
            cell.addEventListener("click", () => cell.focus());
            cell.addEventListener("keydown", (event) => move(event, output, cells, entry));
          }
      }
      const start = cells.get(told.outputs.indexOf(output) === told.start[0] ? told.start[1] : 0);
      (start ?? [...cells.values()][0])?.setAttribute("tabindex", "0");
    }
  svg.setAttribute("role", "group");
  root.querySelector("[data-hint]").textContent = told.hint;
}
