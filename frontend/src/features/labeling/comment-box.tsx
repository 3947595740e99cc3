import { Textarea } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

export function CommentBox({
  text,
  focus,
  onChange,
  onDone,
}: {
  text: string;
  focus: boolean;
  onChange: (text: string) => void;
  onDone: () => void;
}) {
  const { t } = useTranslation();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focus) field.current?.focus();
  }, [focus]);
  return (
    <Textarea
      ref={field}
      aria-label={t("labeling.commentTitle")}
      placeholder={t("labeling.commentHint")}
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
      onBlur={onDone}
      autosize
      minRows={1}
      maxRows={4}
      maxLength={4000}
      onKeyDown={(event) => {
        if (event.key === "Escape" || (event.key === "Enter" && event.ctrlKey)) {
          event.preventDefault();
          onDone();
        }
      }}
    />
  );
}
