// supervisor/web/source/main.tsx: where the page begins.
import "uplot/dist/uPlot.min.css";
import "./style/base.css";
import "./style/controls.css";
import "./style/tree.css";
import "./style/node.css";
import "./style/flow.css";
import { render } from "preact";
import { keepUpToDate } from "./model/live";
import { App } from "./view/app";

const page = document.getElementById("page");
if (page !== null) render(<App />, page);
keepUpToDate();
