// Where a live demo's picture stands. It sends clicks and arrow keys to Python and shows what comes back.

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const QUIET = 250; // ms without a change before the result is said: held keys are not read out one by one

function render({ model, el }) {
  const surface = document.createElement("div");
  surface.className = "strided-surface";
  // JupyterLab would take the arrow keys for moving between cells.
  surface.setAttribute("data-lm-suppress-shortcuts", "true");
  if (model.get("moves")) {
    surface.tabIndex = 0;
    surface.setAttribute("role", "application");
    surface.setAttribute("aria-label", `${model.get("title")}: the arrow keys move the window`);
    const keys = document.createElement("p");
    keys.className = "strided-surface-keys";
    keys.textContent =
      "Click the picture or tab to it, then move with the arrow keys. A click on an output goes there.";
    el.append(keys);
  }
  const limited = document.createElement("p");
  limited.className = "strided-surface-limited";
  limited.hidden = true;
  const said = document.createElement("p");
  said.className = "strided-surface-said";
  said.setAttribute("role", "status");
  el.append(limited, surface, said);

  // One question at a time: keys pressed while Python draws are added up.
  const view = Math.random();
  let asked = 0, waiting = false, down = 0, right = 0;
  const mark = () => `${view} ${asked}`;
  const ask = (question) => {
    tell("");
    waiting = true;
    asked += 1;
    model.send({ ...question, mark: mark() });
  };
  const flush = () => {
    if (!waiting && (down || right)) {
      const move = [down, right];
      down = right = 0;
      ask({ move });
    }
  };
  surface.addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    if (!by || !model.get("moves") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    down += by[0];
    right += by[1];
    flush();
  });
  surface.addEventListener("click", (event) => {
    const clicked = event.target.closest("[data-set]");
    if (clicked) ask({ set: JSON.parse(clicked.dataset.set) });
  });

  let timer;
  const draw = () => {
    surface.innerHTML = model.get("html");
  };
  const say = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      said.textContent = `${limited.textContent} ${model.get("said")}`.trim();
    }, QUIET);
  };
  const tell = (sentence) => {
    limited.textContent = sentence;
    limited.hidden = !sentence;
  };
  // A box makes a number beyond its range the nearest one in it, without a word. This hears of it first.
  const chosen = ({ target }) => {
    if (!el.closest(".widget-vbox")?.contains(target)) return;
    const { rangeUnderflow, rangeOverflow } = target.validity ?? {};
    if (rangeUnderflow || rangeOverflow) {
      const { value, min, max } = target;
      const range = min === max ? `can only be ${min} now` : `goes from ${min} to ${max}`;
      tell(`${target.labels[0].textContent} ${range}: ${value} became ${rangeOverflow ? max : min}.`);
      said.textContent = ""; // or the same sentence would not be read out a second time
      say();
    } else {
      tell("");
    }
  };
  document.addEventListener("change", chosen, true);
  const answered = () => {
    if (model.get("answered") !== mark()) return;
    waiting = false;
    flush();
  };
  model.on("change:html", draw);
  model.on("change:said", say);
  model.on("change:answered", answered);
  draw();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("change", chosen, true);
    model.off("change:html", draw);
    model.off("change:said", say);
    model.off("change:answered", answered);
  };
}

export default { render };
