import { useEffect } from "react";

/** The document title: the page first, because browsers cut the end off. */
export function useTitle(title: string | undefined) {
  useEffect(() => {
    document.title = title ? `${title} · Whetstone` : "Whetstone";
  }, [title]);
}
