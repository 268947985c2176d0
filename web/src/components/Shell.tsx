import { ActionIcon, Menu, Modal, Tooltip, useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { logOut, meQuery, versionQuery } from "../api/auth";
import { runsQuery } from "../api/runs";
import { Icon } from "./Icon";
import { KeyHelp } from "./KeyHelp";
import classes from "./Shell.module.css";
import { useKeys } from "./useKeys";
import { useMayChange } from "./useMayChange";

/** The frame around every page but the login: where one is, what runs now, who one is. */
export function Shell() {
  const navigate = useNavigate();
  const mayChange = useMayChange();
  const [help, setHelp] = useState(false);
  useKeys({
    "/": () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
    "?": () => setHelp(true),
    n: () => void navigate({ to: "/new" }),
    "g s": () => void navigate({ to: "/scenarios" }),
    "g r": () => void navigate({ to: "/runs" }),
    "g l": () => void navigate({ to: "/regions" }),
  });
  return (
    <>
      <a className={classes.skip} href="#main">
        Skip to content
      </a>
      <header className={classes.bar}>
        <div className={classes.inner}>
          <Link to="/scenarios" className={classes.brand} aria-label="Onrush">
            <span className={classes.logo}>
              <Icon name="flow" size={18} />
            </span>
            <span className={classes.name}>Onrush</span>
          </Link>
          <nav className={classes.nav} aria-label="Pages">
            <Link to="/scenarios" className={classes.link ?? ""} activeProps={{ "data-on": true }}>
              Scenarios
            </Link>
            <Link to="/runs" className={classes.link ?? ""} activeProps={{ "data-on": true }}>
              Runs
            </Link>
            <Link to="/regions" className={classes.link ?? ""} activeProps={{ "data-on": true }}>
              Regions
            </Link>
          </nav>
          <div className={classes.side}>
            <RunningNow />
            {mayChange && (
              <Link to="/new" className={classes.fresh ?? ""}>
                <Icon name="plus" size={15} />
                <span>New</span>
              </Link>
            )}
            <Tooltip label="Keys (?)">
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label="Keys"
                className={classes.wide ?? ""}
                onClick={() => setHelp(true)}
              >
                <Icon name="keyboard" />
              </ActionIcon>
            </Tooltip>
            <Scheme />
            <Account />
          </div>
        </div>
      </header>
      <main id="main" className={classes.main}>
        <Outlet />
      </main>
      <Modal opened={help} onClose={() => setHelp(false)} title="Keys" size="sm">
        <KeyHelp />
      </Modal>
    </>
  );
}

function RunningNow() {
  const { data } = useQuery(runsQuery());
  const active = data?.filter((r) => r.status !== "ended") ?? [];
  const [one] = active;
  if (!one) return null;
  const words = active.length === 1 ? one.scenario : `${active.length} runs`;
  const content = (
    <>
      <i /> <span>{words}</span>
    </>
  );
  return active.length === 1 ? (
    <Link
      to="/runs/$id"
      params={{ id: one.id }}
      className={classes.running ?? ""}
      title={`${one.scenario} is ${one.status}`}
    >
      {content}
    </Link>
  ) : (
    <Link to="/runs" className={classes.running ?? ""}>
      {content}
    </Link>
  );
}

const schemes = { auto: "light", light: "dark", dark: "auto" } as const;
const schemeWords = { auto: "as the system", light: "light", dark: "dark" } as const;

function Scheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const icon = colorScheme === "auto" ? "auto" : colorScheme === "dark" ? "moon" : "sun";
  return (
    <Tooltip label={`Colours: ${schemeWords[colorScheme]}`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Colours: ${schemeWords[colorScheme]}`}
        onClick={() => setColorScheme(schemes[colorScheme])}
      >
        <Icon name={icon} />
      </ActionIcon>
    </Tooltip>
  );
}

function Account() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const me = useQuery(meQuery).data;
  const version = useQuery(versionQuery).data;
  const leave = async () => {
    await logOut();
    queries.clear();
    await navigate({ to: "/login" });
  };
  return (
    <Menu position="bottom-end" width={210}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Account">
          <Icon name="user" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me?.name} · {me?.role}
        </Menu.Label>
        <Menu.Item onClick={() => void leave()}>Log out</Menu.Item>
        {version && <Menu.Label>Onrush {version.version}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
