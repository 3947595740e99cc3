import { Button, type ButtonProps, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./projects.module.css";

/** Deletes for good, after the person has typed what it is called. */
export function TypedDelete({
  label,
  title,
  consequences,
  wanted,
  size = "xs",
  busy,
  onDelete,
}: {
  label: string;
  title: string;
  consequences: string;
  wanted: string;
  size?: ButtonProps["size"];
  busy: boolean;
  onDelete: () => void;
}) {
  const { t } = useTranslation();
  const [opened, dialog] = useDisclosure(false);
  const [typed, setTyped] = useState("");
  return (
    <>
      <Button variant="default" color="red" size={size} onClick={dialog.open} aria-label={title}>
        {label}
      </Button>
      <Modal opened={opened} onClose={dialog.close} title={title} centered>
        <form
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (typed === wanted) onDelete();
          }}
        >
          <p>{consequences}</p>
          <TextInput
            data-autofocus
            label={t("projects.archives.type", { wanted })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button type="submit" color="red" disabled={typed !== wanted} loading={busy}>
            {t("projects.archives.deleteForGood")}
          </Button>
        </form>
      </Modal>
    </>
  );
}
