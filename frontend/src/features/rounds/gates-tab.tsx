import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useCheckpoints } from "~/api/training";
import type { Checkpoint, Gate, Round } from "~/api/types";
import { quantity } from "~/components/format";
import { useQuantityName } from "~/components/quantity-name";
import { Loaded, Sentence } from "~/components/sentence";

/** Under which name the evaluation reports a gate's metric. */
const REPORTED: Record<string, string[]> = {
  reward_accuracy: ["reward_accuracy", "eval/accuracy"],
};

/** The bounds a new checkpoint must keep, and what it was measured at. */
export function GatesTab({ round }: { round: Round }) {
  const { t } = useTranslation();
  const checkpoints = useCheckpoints(round.project.id);
  const { gates } = round.recipe;
  if (gates.length === 0) return <Sentence>{t("rounds.noGates")}</Sentence>;
  return (
    <Loaded query={checkpoints}>
      {(all) => {
        const made = all.filter((checkpoint) => checkpoint.round?.id === round.id);
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
                {gates.map((gate) => (
                  <GateRow key={gate.metric} gate={gate} made={made} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        );
      }}
    </Loaded>
  );
}

function GateRow({ gate, made }: { gate: Gate; made: Checkpoint[] }) {
  const { t } = useTranslation();
  const { title, unit } = useQuantityName(gate.metric);
  const names = REPORTED[gate.metric] ?? [gate.metric];
  const measured = made.flatMap((checkpoint) => {
    const value = names.map((name) => checkpoint.metrics[name]).find((v) => v !== undefined);
    return value === undefined ? [] : [{ checkpoint, value }];
  });
  const kept = (value: number) =>
    (gate.least === null || value >= gate.least) && (gate.most === null || value <= gate.most);
  return (
    <Table.Tr>
      <Table.Td>
        {title} {unit && <span className="quiet">{unit}</span>}
      </Table.Td>
      <Table.Td>
        {[
          gate.least !== null && t("rounds.atLeast", { value: quantity(gate.least) }),
          gate.most !== null && t("rounds.atMost", { value: quantity(gate.most) }),
        ]
          .filter(Boolean)
          .join(", ")}
      </Table.Td>
      <Table.Td>
        {measured.length === 0
          ? t("rounds.notMeasured")
          : measured.map(({ checkpoint, value }) => (
              <div key={checkpoint.id}>
                {kept(value) ? "✓ " : "✕ "}
                {checkpoint.name}: {quantity(value)} (
                {t(kept(value) ? "rounds.kept" : "rounds.broken")})
              </div>
            ))}
      </Table.Td>
    </Table.Tr>
  );
}
