import { ActionIcon, Burger, Drawer, Menu, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, Outlet, useLocation, useNavigate } from "react-router";
import { useSession, useSignOut } from "~/api/session";
import { Brand } from "~/components/brand";
import { SchemeIcon, useScheme } from "~/components/scheme";
import { type NavEntry, navEntries } from "./nav";
import classes from "./shell.module.css";

function useLabel() {
  const { t } = useTranslation();
  return (entry: NavEntry) =>
    "text" in entry.label ? entry.label.text : t(entry.label.key as "nav.home");
}

function Links({ entries, onFollow }: { entries: NavEntry[]; onFollow?: () => void }) {
  const label = useLabel();
  return entries.map((entry) => (
    <li key={entry.to}>
      <NavLink to={entry.to} end={entry.to === "/"} className={classes.link} onClick={onFollow}>
        {label(entry)}
      </NavLink>
    </li>
  ));
}

/** The frame of every page but the labeling screen: who we are, where we can go, who we act as. */
export function Component() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const location = useLocation();
  const [menuOpen, menu] = useDisclosure(false);
  const { scheme, toggle } = useScheme();
  const entries = navEntries(session);
  const name = session?.user?.name || session?.user?.email || "";

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page starts at its top.
  useEffect(() => {
    // In braces: newer browsers answer with a promise, which is no clean-up.
    window.scrollTo(0, 0);
  }, [location.pathname]);

  return (
    <>
      <a href="#content" className="skip-link">
        {t("nav.skip")}
      </a>
      <header className={classes.header}>
        <div className={classes.bar}>
          <Link to="/" className={classes.brand} aria-label="Whetstone">
            <Brand />
          </Link>
          <nav aria-label={t("nav.main")} className={classes.wide}>
            <ul className={classes.links}>
              <Links entries={entries} />
            </ul>
          </nav>
          <div className={classes.person}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              onClick={toggle}
              aria-label={`${t("theme.label")}: ${t(`theme.${scheme}`)}`}
            >
              <SchemeIcon scheme={scheme} />
            </ActionIcon>
            <Menu position="bottom-end" withinPortal>
              <Menu.Target>
                <UnstyledButton
                  className={classes.avatar}
                  data-initials={initials(name)}
                  aria-label={t("nav.personMenu", { name })}
                />
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>{name}</Menu.Label>
                <Menu.Item component={Link} to="/account">
                  {t("nav.account")}
                </Menu.Item>
                <Menu.Divider />
                <Menu.Item
                  onClick={() =>
                    signOut.mutate(undefined, { onSuccess: () => navigate("/sign-in") })
                  }
                >
                  {t("nav.signOut")}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
            <Burger
              className={classes.burger}
              opened={menuOpen}
              onClick={menu.toggle}
              aria-label={t("nav.menu")}
              size="sm"
            />
          </div>
        </div>
      </header>
      <Drawer
        opened={menuOpen}
        onClose={menu.close}
        title={t("nav.menu")}
        position="right"
        size="16rem"
      >
        <nav aria-label={t("nav.main")}>
          <ul className={classes.stacked}>
            <Links entries={entries} onFollow={menu.close} />
          </ul>
        </nav>
      </Drawer>
      <main id="content" tabIndex={-1} className={classes.main}>
        <Outlet />
      </main>
    </>
  );
}

/** Two letters of a name: first letters of two words, or the first two characters. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const [first = "?", second] = words;
  return (second ? first.slice(0, 1) + second.slice(0, 1) : first.slice(0, 2)).toUpperCase();
}
