import { Button, Table } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Ladder, LadderEntry } from "~/api/types";
import { number } from "./format";
import classes from "./interval-plot.module.css";
import { axis, brackets, byStrength, ladderInWords } from "./ladder";
import { Sentence } from "./sentence";

const ROW = 38;
const AXIS = 34;
const LANE = 14;

/** Strength of every checkpoint with its interval, and which of them cannot be told apart yet. */
export function IntervalPlot({ ladder }: { ladder: Ladder }) {
  const { t } = useTranslation();
  const [table, setTable] = useState(false);
  if (ladder.entries.every(({ elo }) => elo === null)) {
    return <Sentence>{t("ladder.empty")}</Sentence>;
  }
  return (
    <figure className={classes.figure}>
      <figcaption className={classes.caption}>
        <span>
          {t("ladder.title")}
          <span className={classes.sub}>
            {t(ladder.final ? "ladder.final" : "ladder.live", {
              count: ladder.votes,
              votes: number(ladder.votes),
            })}
          </span>
        </span>
        <Button
          size="compact-sm"
          variant="subtle"
          flex="none"
          onClick={() => setTable((shown) => !shown)}
          aria-expanded={table}
        >
          {t(table ? "action.showChart" : "action.showTable")}
        </Button>
      </figcaption>
      {table ? <LadderTable ladder={ladder} /> : <Plot ladder={ladder} />}
      <Duel ladder={ladder} />
    </figure>
  );
}

/** The newest checkpoint against the base, in bounds that hold however often one looks. */
function Duel({ ladder }: { ladder: Ladder }) {
  const { t } = useTranslation();
  const { duel } = ladder;
  if (!duel) return null;
  const name = (id: string) =>
    ladder.entries.find((entry) => entry.checkpoint.id === id)?.checkpoint.name ?? id;
  const verdict = duel.decided ? (duel.low >= 0.5 ? "duelBetter" : "duelWorse") : "duelOpen";
  const more =
    !duel.decided && duel.more !== null
      ? ` ${t("ladder.duelMore", { count: Math.ceil(duel.more), tasks: number(duel.more) })}`
      : "";
  return (
    <p className={classes.duel}>
      {t(`ladder.${verdict}`, {
        newest: name(duel.newest),
        base: name(duel.base),
        rate: number(duel.win_rate * 100),
        low: number(duel.low * 100),
        high: number(duel.high * 100),
      })}
      {more}
    </p>
  );
}

function Plot({ ladder }: { ladder: Ladder }) {
  const { t } = useTranslation();
  const { ref, width } = useElementSize();
  const entries = byStrength(ladder.entries);
  const groups = brackets(entries, ladder.indistinguishable);
  const { low, high, ticks } = axis(entries);
  const right = groups.length * LANE + 16;
  const inner = Math.max(width - right - 12, 80);
  const x = (elo: number) => 8 + ((elo - low) / (high - low)) * inner;
  const y = (row: number) => row * ROW + ROW / 2;
  const height = entries.length * ROW;

  return (
    <>
      <div className={classes.plot}>
        <ol className={classes.names} style={{ gridAutoRows: ROW }}>
          {entries.map(({ checkpoint, anchored }) => (
            <li key={checkpoint.id}>
              <Link to={`/checkpoints/${checkpoint.id}`} title={checkpoint.name}>
                {checkpoint.name}
              </Link>
              {anchored && (
                <span className={classes.anchor} title={t("ladder.anchor")}>
                  ⚓
                </span>
              )}
            </li>
          ))}
        </ol>
        <div ref={ref} className={classes.drawing}>
          <svg
            width={width}
            height={height + AXIS}
            role="img"
            aria-label={`${t("ladder.title")} ${ladderInWords(ladder, t)}`}
          >
            {ticks.map((tick) => (
              <g key={tick}>
                <line x1={x(tick)} x2={x(tick)} y1={0} y2={height} className={classes.grid} />
                <text x={x(tick)} y={height + 16} className={classes.tick}>
                  {number(tick)}
                </text>
              </g>
            ))}
            <text x={8 + inner / 2} y={height + 31} className={classes.unit}>
              {t("ladder.unit")}
            </text>
            {entries.map((entry, row) => (
              <Mark
                key={entry.checkpoint.id}
                entry={entry}
                y={y(row)}
                x={x}
                ends={[x(low), x(high)]}
              />
            ))}
            {groups.map(({ first, last }, lane) => {
              const at = 8 + inner + 10 + lane * LANE;
              return (
                <path
                  key={`${first} ${last}`}
                  d={`M${at} ${y(first) - 10}h6V${y(last) + 10}h-6`}
                  className={classes.bracket}
                >
                  <title>{t("ladder.same")}</title>
                </path>
              );
            })}
          </svg>
        </div>
      </div>
      {groups.length > 0 && (
        <p className={classes.note}>
          <svg width="10" height="14" viewBox="0 0 10 14" aria-hidden="true">
            <path d="M2 1h6v12H2" className={classes.bracket} />
          </svg>
          {t("ladder.same")}
        </p>
      )}
    </>
  );
}

/** A dot with its interval; an end that the votes do not bound is an arrow to the edge. */
function Mark({
  entry,
  x,
  y,
  ends,
}: {
  entry: LadderEntry;
  x: (elo: number) => number;
  y: number;
  ends: [number, number];
}) {
  const { t } = useTranslation();
  const { elo, low, high, checkpoint } = entry;
  if (elo === null) {
    return (
      <text x={ends[0] + 4} y={y + 4} className={classes.none}>
        {t("ladder.notEnough")}
      </text>
    );
  }
  const from = low === null ? ends[0] : x(low);
  const to = high === null ? ends[1] : x(high);
  return (
    <g className={classes.mark}>
      <line x1={from} x2={to} y1={y} y2={y} className={classes.interval} />
      {low === null ? (
        <path d={`M${from + 5} ${y - 4}l-5 4 5 4`} className={classes.cap} />
      ) : (
        <path d={`M${from} ${y - 5}v10`} className={classes.cap} />
      )}
      {high === null ? (
        <path d={`M${to - 5} ${y - 4}l5 4-5 4`} className={classes.cap} />
      ) : (
        <path d={`M${to} ${y - 5}v10`} className={classes.cap} />
      )}
      {checkpoint.kind === "base" ? (
        <rect x={x(elo) - 5} y={y - 5} width="10" height="10" className={classes.dot} />
      ) : (
        <circle cx={x(elo)} cy={y} r="5.5" className={classes.dot} />
      )}
      <text x={x(elo)} y={y - 10} className={classes.value}>
        {number(elo)}
      </text>
    </g>
  );
}

function LadderTable({ ladder }: { ladder: Ladder }) {
  const { t } = useTranslation();
  const entries = byStrength(ladder.entries);
  const name = new Map(entries.map(({ checkpoint }) => [checkpoint.id, checkpoint.name]));
  const or = (value: number | null) => (value === null ? t("none") : number(value));
  return (
    <>
      <Table.ScrollContainer minWidth={560}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("ladder.checkpoint")}</Table.Th>
              <Table.Th ta="right">{t("ladder.elo")}</Table.Th>
              <Table.Th ta="right">{t("intervalNote")}</Table.Th>
              <Table.Th ta="right">{t("ladder.rank")}</Table.Th>
              <Table.Th ta="right">{t("ladder.votes")}</Table.Th>
              <Table.Th ta="right">{t("ladder.record")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map((entry) => (
              <Table.Tr key={entry.checkpoint.id}>
                <Table.Td>
                  <Link to={`/checkpoints/${entry.checkpoint.id}`}>{entry.checkpoint.name}</Link>
                </Table.Td>
                <Table.Td ta="right">{or(entry.elo)}</Table.Td>
                <Table.Td ta="right">
                  {or(entry.low)} – {or(entry.high)}
                </Table.Td>
                <Table.Td ta="right">
                  {entry.rank_low === entry.rank_high
                    ? entry.rank_low
                    : `${entry.rank_low}–${entry.rank_high}`}
                </Table.Td>
                <Table.Td ta="right">{number(entry.votes)}</Table.Td>
                <Table.Td ta="right">
                  {number(entry.wins)} / {number(entry.ties)} / {number(entry.losses)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {ladder.indistinguishable.length > 0 && (
        <ul className={classes.pairs}>
          {ladder.indistinguishable.map(({ first, second, more }) => {
            const [a, b] = [name.get(first) ?? first, name.get(second) ?? second];
            return (
              <li key={`${first} ${second}`}>
                {more === null
                  ? t("ladder.wordsSame", { a, b })
                  : t("ladder.wordsSameVotes", { a, b, votes: number(more) })}
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
