// supervisor/web/source/view/flow.tsx
//
// What flows through the tree, as a picture and as a table: queues and brokers, the workers between them with their rates, and
// the bottleneck. The table has everything, also where the picture would have too many boxes, or is not seen.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { flow, flowHistory, flowMissing, nodes } from "../model/live";
import { type Mover, type Picture, type Place, pictureOf } from "../model/flow";
import { boxes_max, layoutOf, moverSize, pathOf, placeSize, structureOf } from "../model/layout";
import { count, duration, plural, rate } from "../model/words";
import { conditionOf } from "./icons";
import { hrefOf } from "./route";

const narrow = matchMedia("(max-width: 640px)");
const table_max = 200;

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(1 - length)}`;
}

function trendOf(place: Place): string {
  if (place.slope === null || Math.abs(place.slope) < 0.005) return place.slope === null ? "" : "steady";
  return place.slope > 0 ? `▲ ${rate(place.slope)}` : `▼ ${rate(-place.slope)}`;
}

function depthOf(place: Place): string {
  const { queue } = place;
  if (queue === null) return shorten(place.detail, 25);
  if (!queue.readable) return "not there, or not readable";
  const held = queue.locked === 0 ? "" : `, ${count(queue.locked)} in hand`;
  return `${queue.whole ? "" : "over "}${count(queue.ready)} ready${held}`;
}

// The last line of a box: what is most worth knowing of it.
function remarkOf(place: Place): string {
  const oldest = place.queue?.oldest_ms;
  const age = oldest == null ? "" : `oldest ${duration(oldest)}`;
  if (place.jam !== "") return `bottleneck: ${place.jam}`;
  if (place.kind === "dead") return (place.queue?.ready ?? 0) > 0 ? `set aside, ${age}` : "nothing set aside";
  return [trendOf(place), age].filter((part) => part !== "" && part !== "steady").join(", ") || trendOf(place);
}

function PlaceBox(props: { place: Place; x: number; y: number }) {
  const { place } = props;
  const { width, height } = placeSize;
  const jammed = place.jam !== "";
  const filled = place.kind === "dead" && (place.queue?.ready ?? 0) > 0;
  return (
    <g
      class={`place ${place.kind} ${jammed ? "jam" : ""} ${filled ? "filled" : ""}`}
      transform={`translate(${props.x - width / 2} ${props.y - height / 2})`}
    >
      <title>{`${place.detail}${jammed ? `, the bottleneck: it ${place.jam}` : ""}`}</title>
      <rect width={width} height={height} rx={place.kind === "broker" ? 31 : 8} />
      <text x="14" y="22" class="strong">
        {shorten(place.label, 20)}
      </text>
      <text x="14" y="38">
        {depthOf(place)}
      </text>
      <text x="14" y="53" class={jammed ? "alarm" : ""}>
        {remarkOf(place)}
      </text>
    </g>
  );
}

function MoverBox(props: { mover: Mover; x: number; y: number }) {
  const { node, rate: speed, slow } = props.mover;
  const { width, height } = moverSize;
  return (
    <g
      class={`mover ${conditionOf(node)} ${slow ? "slow" : ""}`}
      transform={`translate(${props.x - width / 2} ${props.y - height / 2})`}
    >
      <a href={hrefOf(node.path)} aria-label={node.path}>
        <title>{`${node.path}: ${node.status === "" ? node.state : node.status}`}</title>
        <rect width={width} height={height} rx="22" />
        <circle cx="18" cy="22" r="5" />
        <text x="31" y="19" class="strong">
          {shorten(node.name, 16)}
        </text>
        <text x="31" y="34" class="faint">
          {node.type === "pool" ? `${node.ready}/${node.wanted} · ` : ""}
          {speed === null ? (node.held ? "held" : node.state) : rate(speed)}
        </text>
      </a>
    </g>
  );
}

function Drawing(props: { picture: Picture }) {
  const downwards = useSignal(narrow.matches);
  useEffect(() => {
    const look = () => (downwards.value = narrow.matches);
    narrow.addEventListener("change", look);
    return () => narrow.removeEventListener("change", look);
  }, []);
  const structure = structureOf(props.picture);
  const kept = useSignal<{ key: string; made: ReturnType<typeof layoutOf> }>({ key: "", made: null });
  const key = `${downwards.value} ${structure}`;
  if (kept.peek().key !== key) kept.value = { key, made: layoutOf(props.picture, downwards.value) };
  const layout = kept.peek().made;
  if (layout === null) return <p class="faint">More than {boxes_max} queues and workers: see the table.</p>;
  const rates = new Map(props.picture.movers.map((mover) => [`mover ${mover.node.path}`, mover]));
  return (
    <div class="drawing" tabIndex={0} role="region" aria-label="Picture of the flow, the table below says the same">
      <svg width={layout.width} height={layout.height} viewBox={`0 0 ${layout.width} ${layout.height}`}>
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M0 0L8 4L0 8z" />
          </marker>
        </defs>
        {layout.lines.map((line) => {
          const mover = rates.get(line.from) ?? rates.get(line.to);
          const moving = (mover?.rate ?? 0) > 0 && !line.dead;
          const kind = `line ${line.dead ? "dead" : moving ? "moving" : ""} ${mover?.slow && rates.has(line.to) ? "jam" : ""}`;
          return <path key={line.key} d={pathOf(line.points)} class={kind} marker-end="url(#arrow)" />;
        })}
        {props.picture.places.map((place) => {
          const box = layout.places.get(place.id);
          return box === undefined ? null : <PlaceBox key={place.id} place={place} x={box.x} y={box.y} />;
        })}
        {props.picture.movers.map((mover) => {
          const box = layout.movers.get(mover.node.path);
          return box === undefined ? null : <MoverBox key={mover.node.path} mover={mover} x={box.x} y={box.y} />;
        })}
      </svg>
    </div>
  );
}

function Users(props: { movers: readonly Mover[]; rates: boolean }) {
  return (
    <>
      {props.movers.map((mover, place) => (
        <span key={mover.node.path}>
          {place === 0 ? "" : ", "}
          <a href={hrefOf(mover.node.path)}>{mover.node.name}</a>
          {mover.rate === null || !props.rates ? "" : <span class="faint"> {rate(mover.rate)}</span>}
        </span>
      ))}
    </>
  );
}

function Table(props: { picture: Picture }) {
  const queues = props.picture.places.filter((place) => place.queue !== null);
  if (queues.length === 0) return null;
  return (
    <section class="card scroll-x" aria-labelledby="queues-title" tabIndex={0}>
      <h2 id="queues-title">Queues</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Queue</th>
            <th scope="col" class="number">
              Ready
            </th>
            <th scope="col" class="number">
              In hand
            </th>
            <th scope="col" class="number">
              Oldest
            </th>
            <th scope="col">Trend</th>
            <th scope="col">Filled by</th>
            <th scope="col">Taken by</th>
          </tr>
        </thead>
        <tbody>
          {queues.slice(0, table_max).map((place) => (
            <tr key={place.id} class={place.jam === "" ? "" : "jam"}>
              <th scope="row" title={place.detail}>
                {place.label}
                {place.jam === "" ? null : <span class="badge failed">bottleneck</span>}
              </th>
              <td class="number">{place.queue?.readable ? count(place.queue.ready) : "?"}</td>
              <td class="number">{place.queue?.readable ? count(place.queue.locked) : "?"}</td>
              <td class="number">{place.queue?.oldest_ms == null ? "" : duration(place.queue.oldest_ms)}</td>
              <td>{trendOf(place)}</td>
              <td>
                <Users
                  movers={props.picture.movers.filter(
                    (mover) => mover.to.includes(place.id) || mover.dead.includes(place.id),
                  )}
                  rates={place.kind !== "dead"}
                />
              </td>
              <td>
                <Users movers={props.picture.movers.filter((mover) => mover.from.includes(place.id))} rates={true} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {queues.length > table_max ? (
        <p class="faint">and {plural(queues.length - table_max, "queue")} more, in /metrics</p>
      ) : null}
    </section>
  );
}

export function FlowView() {
  const picture = useComputed(() => (flow.value === null ? null : pictureOf(flow.value, nodes.value, flowHistory)));
  const shown = picture.value;
  if (shown === null)
    return <p class="empty">{flowMissing.value === "" ? "Looking at the queues…" : `No flow: ${flowMissing.value}`}</p>;
  const jam = shown.places.find((place) => place.jam !== "");
  return (
    <>
      <div class="node-head">
        <h1>Flow</h1>
        <p class="faint">{jam === undefined ? "Nothing jams." : `Bottleneck: ${jam.label} ${jam.jam}.`}</p>
      </div>
      {shown.places.length === 0 ? (
        <p class="card empty">No worker of this tree names a queue or a broker in its configuration.</p>
      ) : (
        <>
          <section class="card" aria-label="Flow">
            <Drawing picture={shown} />
          </section>
          <Table picture={shown} />
        </>
      )}
    </>
  );
}
