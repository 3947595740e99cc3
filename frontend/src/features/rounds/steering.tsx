import { Button, Menu } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Choice, Round } from "~/api/types";
import { saySentence } from "~/i18n/say";
import { DecisionDialog } from "./decision-dialog";
import { isGrave } from "./questions";

/** How a round can be steered: what the server offers now, each with a reason that is kept. */
export function Steering({ round }: { round: Round }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<Choice | null>(null);
  const { choices } = round;
  const first = choices.find(({ choice }) => choice === "pause" || choice === "resume");
  const others = choices.filter((one) => one !== first);
  const only = others.length === 1 ? others[0] : undefined;
  return (
    <>
      {first && (
        <Button
          variant={first.choice === "resume" ? "filled" : "default"}
          onClick={() => setChosen(first)}
        >
          {saySentence(first.title)}
        </Button>
      )}
      {only && (
        <Button variant="default" onClick={() => setChosen(only)}>
          {saySentence(only.title)}
        </Button>
      )}
      {others.length > 1 && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default">{t("rounds.steer")}</Button>
          </Menu.Target>
          <Menu.Dropdown>
            {others.map((choice) => (
              <Menu.Item
                key={choice.choice}
                c={isGrave(choice.choice) ? "var(--bad)" : undefined}
                onClick={() => setChosen(choice)}
              >
                {saySentence(choice.title)}…
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {chosen && <DecisionDialog round={round} choice={chosen} onClose={() => setChosen(null)} />}
    </>
  );
}
