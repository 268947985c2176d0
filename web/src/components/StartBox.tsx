import { Button, TextInput } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Icon } from "./Icon";
import classes from "./StartBox.module.css";

/** The very first page: one field, and what will happen. */
export function StartBox() {
  const navigate = useNavigate();
  const [url, setURL] = useState("");
  return (
    <div className={classes.box}>
      <span className={classes.badge}>
        <Icon name="flow" size={30} />
      </span>
      <h1>Load test something</h1>
      <p>Paste the address of something you own. You see the plan before anything is sent.</p>
      <form
        className={classes.form}
        onSubmit={(e) => {
          e.preventDefault();
          void navigate({ to: "/new", search: url.trim() ? { url: url.trim() } : {} });
        }}
      >
        <TextInput
          data-search
          size="md"
          className={classes.field ?? ""}
          aria-label="URL"
          placeholder="https://staging.example.com/"
          value={url}
          onChange={(e) => setURL(e.currentTarget.value)}
          autoFocus
        />
        <Button type="submit" size="md">
          Continue
        </Button>
      </form>
      <ol className={classes.steps}>
        <li>
          <b>Paste a URL</b>
          Set users or a rate, how long, and from where.
        </li>
        <li>
          <b>Press Run</b>
          Tasks start together in every region; figures come within two seconds.
        </li>
        <li>
          <b>Read one true report</b>
          The same page becomes the report, with its accounting.
        </li>
      </ol>
      <p>
        Or{" "}
        <Link to="/new" search={{ tab: "yaml" }} className="link">
          write a scenario in YAML
        </Link>
        , or <code className="mono">onrush scenarios apply file.yaml</code>.
      </p>
    </div>
  );
}
