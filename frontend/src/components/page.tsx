import type { ReactNode } from "react";
import { Link } from "react-router";
import classes from "./page.module.css";
import { Failure, type Loaded, Loading } from "./sentence";
import { useTitle } from "./use-title";

export interface Crumb {
  label: string;
  to: string;
}

/** A page: where it is, what it is, what can be done with it; then its content. */
export function Page({
  title,
  crumbs = [],
  badge,
  lead,
  actions,
  narrow = false,
  children,
}: {
  title: string;
  crumbs?: Crumb[];
  badge?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}) {
  useTitle([title, ...crumbs.map((crumb) => crumb.label).reverse()].slice(0, 2).join(" · "));
  return (
    <div className={narrow ? `${classes.page} ${classes.narrow}` : classes.page}>
      <header className={classes.header}>
        <div className={classes.heading}>
          {crumbs.length > 0 && (
            <nav aria-label={crumbs.map((crumb) => crumb.label).join(", ")}>
              <ol className={classes.crumbs}>
                {crumbs.map((crumb) => (
                  <li key={crumb.to}>
                    <Link to={crumb.to}>{crumb.label}</Link>
                  </li>
                ))}
              </ol>
            </nav>
          )}
          <div className={classes.titleRow}>
            <h1 className={classes.title}>{title}</h1>
            {badge}
          </div>
          {lead && <div className={classes.lead}>{lead}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Shows a page's loading and failure states as pages of their own, and the page once it is there. */
export function LoadedPage<T>({
  query,
  children,
}: {
  query: Parameters<typeof Loaded<T>>[0]["query"];
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  return (
    <div className={classes.page}>
      {query.error ? (
        <Failure page error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Loading />
      )}
    </div>
  );
}

export function Section({
  title,
  aside,
  children,
  id,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  id?: string;
}) {
  return (
    <section className={classes.section} aria-label={title} id={id}>
      <div className={classes.sectionHeader}>
        <h2 className={classes.sectionTitle}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
