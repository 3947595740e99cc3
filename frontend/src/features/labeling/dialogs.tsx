import { Button, Checkbox, Modal, Table } from "@mantine/core";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { GuidelinesDrawer } from "./guidelines";
import { type Keys, shownKeys } from "./keys";

const SKIP_REASONS = ["unsure", "language", "upsetting", "broken", "none"] as const;
const FLAGS = ["unsafe", "personal", "unclear", "language", "display"] as const;

export type Open = "skip" | "flags" | "help" | "guidelines" | null;

/** What opens over a task, one at a time. */
export default function Dialogs({
  open,
  onClose,
  onSkip,
  flags,
  onToggle,
  keys,
  projectId,
}: {
  open: Open;
  onClose: () => void;
  onSkip: (reason: string) => void;
  flags: string[];
  onToggle: (flag: string) => void;
  keys: Keys<unknown>;
  projectId: string;
}) {
  return (
    <>
      <SkipDialog opened={open === "skip"} onClose={onClose} onSkip={onSkip} />
      <FlagDialog opened={open === "flags"} onClose={onClose} flags={flags} onToggle={onToggle} />
      <HelpDialog opened={open === "help"} onClose={onClose} keys={keys} />
      <GuidelinesDrawer opened={open === "guidelines"} onClose={onClose} projectId={projectId} />
    </>
  );
}

/** Digits choose the rows of a dialog, as they choose everywhere on this screen. */
function onDigit(rows: readonly string[], choose: (row: string) => void) {
  return (event: KeyboardEvent) => {
    const row = rows[Number(event.key) - 1];
    if (!row || event.repeat) return;
    event.preventDefault();
    choose(row);
  };
}

function SkipDialog({
  opened,
  onClose,
  onSkip,
}: {
  opened: boolean;
  onClose: () => void;
  onSkip: (reason: string) => void;
}) {
  const { t } = useTranslation();
  const choose = (reason: string) => onSkip(reason === "none" ? "" : reason);
  return (
    <Modal opened={opened} onClose={onClose} title={t("labeling.skipTitle")} centered>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the buttons inside. */}
      <div onKeyDown={onDigit(SKIP_REASONS, choose)}>
        <p className="quiet" style={{ marginTop: 0 }}>
          {t("labeling.skipLead")}
        </p>
        {SKIP_REASONS.map((reason, i) => (
          <Button
            key={reason}
            variant="default"
            fullWidth
            mb="xs"
            justify="space-between"
            data-autofocus={i === 0 || undefined}
            rightSection={<kbd aria-hidden>{i + 1}</kbd>}
            onClick={() => choose(reason)}
          >
            {t(`labeling.skipReason.${reason}`)}
          </Button>
        ))}
      </div>
    </Modal>
  );
}

function FlagDialog({
  opened,
  onClose,
  flags,
  onToggle,
}: {
  opened: boolean;
  onClose: () => void;
  flags: string[];
  onToggle: (flag: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t("labeling.flagTitle")} centered>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the boxes inside. */}
      <div
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            onClose();
          } else onDigit(FLAGS, onToggle)(event);
        }}
      >
        <p className="quiet" style={{ marginTop: 0 }}>
          {t("labeling.flagLead")}
        </p>
        {FLAGS.map((flag, i) => (
          <Checkbox
            key={flag}
            mb="sm"
            data-autofocus={i === 0 || undefined}
            checked={flags.includes(flag)}
            onChange={() => onToggle(flag)}
            label={
              <>
                {t(`labeling.flagName.${flag}`)} <kbd aria-hidden>{i + 1}</kbd>
              </>
            }
          />
        ))}
        <Button fullWidth mt="md" onClick={onClose}>
          {t("labeling.commentDone")}
        </Button>
      </div>
    </Modal>
  );
}

/** Every key of this kind of task, from the table that also handles them. */
function HelpDialog({
  opened,
  onClose,
  keys,
}: {
  opened: boolean;
  onClose: () => void;
  keys: Keys<unknown>;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t("labeling.helpTitle")} size="lg">
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("labeling.helpKeys")}</Table.Th>
            <Table.Th>{t("labeling.helpDoes")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keys.map(({ id }) => (
            <Table.Tr key={id}>
              <Table.Td style={{ whiteSpace: "nowrap" }}>
                {shownKeys(id, keys).map((key) => (
                  <kbd key={key} style={{ marginRight: "0.25rem" }}>
                    {key}
                  </kbd>
                ))}
              </Table.Td>
              <Table.Td>{t(`labeling.key.${id}`)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <p className="quiet">{t("labeling.helpNote")}</p>
    </Modal>
  );
}
