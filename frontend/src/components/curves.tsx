import "@mantine/charts/styles.css";
import { LineChart } from "@mantine/charts";
import { Button, Table } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { MetricRow } from "~/api/types";
import classes from "./curves.module.css";
import { number, quantity } from "./format";
import { type Series, seriesOf } from "./metric-series";
import { useQuantityName } from "./quantity-name";
import { Sentence } from "./sentence";
import { seriesColor } from "./theme";

/** One chart per quantity of a job; the splits of a quantity share a chart. */
export function Curves({
  rows,
  most = Number.POSITIVE_INFINITY,
}: {
  rows: MetricRow[];
  most?: number;
}) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const series = useMemo(() => seriesOf(rows), [rows]);
  if (series.length === 0) return <Sentence>{t("curves.empty")}</Sentence>;
  return (
    <>
      <div className={classes.grid}>
        {series.slice(0, all ? undefined : most).map((one) => (
          <Curve key={one.name} series={one} />
        ))}
      </div>
      {series.length > most && (
        <Button
          variant="subtle"
          size="compact-sm"
          mt="sm"
          onClick={() => setAll((shown) => !shown)}
        >
          {all ? t("action.less") : t("curves.more", { count: series.length - most })}
        </Button>
      )}
    </>
  );
}

function Curve({ series }: { series: Series }) {
  const { t } = useTranslation();
  const [table, setTable] = useState(false);
  const { title, unit } = useQuantityName(series.name);
  const last = series.points.at(-1);
  const splitName = (split: string) =>
    split === "train" || split === "eval" ? t(`curves.${split}`) : split;
  const summary = series.splits
    .flatMap((split) => {
      const point = series.points.findLast((candidate) => split in candidate);
      return point
        ? [
            t("curves.words", {
              split: splitName(split),
              value: quantity(point[split] ?? 0),
              step: number(point.step),
            }),
          ]
        : [];
    })
    .join(" ");
  return (
    <figure className={classes.curve}>
      <figcaption className={classes.caption}>
        <span>
          {title}
          {unit && <span className={classes.unit}> {unit}</span>}
        </span>
        <Button
          size="compact-xs"
          flex="none"
          variant="subtle"
          aria-label={`${title}: ${t(table ? "action.showChart" : "action.showTable")}`}
          onClick={() => setTable((shown) => !shown)}
        >
          {t(table ? "action.showChart" : "action.showTable")}
        </Button>
      </figcaption>
      {table ? (
        <Points series={series} splitName={splitName} />
      ) : (
        <div role="img" aria-label={`${title}. ${summary}`}>
          <LineChart
            h={150}
            data={series.points}
            dataKey="step"
            series={series.splits.map((split, i) => ({
              name: split,
              label: splitName(split),
              color: seriesColor(i),
              strokeDasharray: i > 0 ? "5 3" : undefined,
            }))}
            withDots={series.points.length < 3}
            connectNulls
            withLegend={series.splits.length > 1}
            legendProps={{ itemSorter: null }}
            curveType="linear"
            strokeWidth={1.75}
            gridAxis="x"
            tickLine="none"
            valueFormatter={quantity}
            xAxisProps={{
              type: "number",
              domain: ["dataMin", "dataMax"],
              tickFormatter: (step: number) => number(step),
              minTickGap: 24,
            }}
            yAxisProps={{ domain: ["auto", "auto"], width: 52, tickCount: 4 }}
            lineProps={{ isAnimationActive: false }}
          />
          <p className={classes.axis}>
            {t("curves.step")}
            {last && series.splits.length === 1 && <span> · {summary}</span>}
          </p>
        </div>
      )}
    </figure>
  );
}

function Points({ series, splitName }: { series: Series; splitName: (split: string) => string }) {
  const { t } = useTranslation();
  return (
    <div className={classes.table}>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th ta="right">{t("curves.step")}</Table.Th>
            {series.splits.map((split) => (
              <Table.Th key={split} ta="right">
                {splitName(split)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {series.points.map((point) => (
            <Table.Tr key={point.step}>
              <Table.Td ta="right">{number(point.step)}</Table.Td>
              {series.splits.map((split) => (
                <Table.Td key={split} ta="right">
                  {point[split] === undefined ? t("none") : quantity(point[split])}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
