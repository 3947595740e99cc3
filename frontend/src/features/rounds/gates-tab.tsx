import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useRecipes } from "~/api/rounds";
import type { Round, Verdict } from "~/api/types";
import { quantity } from "~/components/format";
import { Sentence } from "~/components/sentence";
import { saySentence } from "~/i18n/say";
import type { Bound } from "./recipe-model";

interface Row {
  key: string;
  bound: Bound;
  verdict?: Verdict;
}

/** Every bound of the plan with what was found there, each judged by itself. */
export function gateRows(round: Pick<Round, "effective_recipe" | "steps">): Row[] {
  return round.effective_recipe.steps.flatMap((step) => {
    if (step.kind !== "gate") return [];
    const verdicts = round.steps.find(({ name }) => name === step.name)?.verdicts ?? [];
    return step.bounds.flatMap(({ gate, least, most }) => {
      // A bound with two ends is two bounds, as the server judges them.
      const sides: Bound[] = [
        ...(least === null ? [] : [{ gate, least, most: null }]),
        ...(most === null ? [] : [{ gate, least: null, most }]),
      ];
      return sides.map((bound) => {
        const subject = `${gate}.${bound.least === null ? "most" : "least"}`;
        const verdict = verdicts.find((one) => one.subject === subject);
        return { key: `${step.name} ${subject}`, bound, verdict };
      });
    });
  });
}

/** The bounds a new checkpoint must keep, and what it was measured at. */
export function GatesTab({ round }: { round: Round }) {
  const { t } = useTranslation();
  const { data: known } = useRecipes();
  const rows = gateRows(round);
  if (rows.length === 0) return <Sentence>{t("rounds.noGates")}</Sentence>;
  const rowOf = (gate: string) => known?.gates.find((one) => one.gate === gate);
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("rounds.gate")}</Table.Th>
            <Table.Th>{t("rounds.bound")}</Table.Th>
            <Table.Th>{t("rounds.measured")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ key, bound: { gate, least, most }, verdict }) => {
            const row = rowOf(gate);
            return (
              <Table.Tr key={key}>
                <Table.Td>
                  {row ? saySentence(row.title) : gate}{" "}
                  <span className="quiet">{row && saySentence(row.unit)}</span>
                </Table.Td>
                <Table.Td>
                  {least !== null && t("rounds.atLeast", { value: quantity(least) })}
                  {most !== null && t("rounds.atMost", { value: quantity(most) })}
                </Table.Td>
                <Table.Td>
                  {verdict
                    ? `${t(verdict.passed ? "rounds.kept" : "rounds.broken")}: ${saySentence(verdict.said)}`
                    : t("rounds.notMeasured")}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
