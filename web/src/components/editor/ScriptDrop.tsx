import { Button, FileButton, NativeSelect } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type DragEvent, useState } from "react";
import { errorText } from "../../api/errors";
import { uploadScript } from "../../api/scenarios";
import type { Uploaded } from "../../lib/script";
import { Icon } from "../Icon";
import classes from "./ScriptDrop.module.css";

interface Props {
  script: Uploaded | undefined;
  entry: string;
  onScript: (script: Uploaded) => void;
  onEntry: (entry: string) => void;
}

/** Takes a script, with the files beside it, and shows what the server made of them. */
export function ScriptDrop({ script, entry, onScript, onEntry }: Props) {
  const [over, setOver] = useState(false);
  const upload = useMutation({
    mutationFn: (files: File[]) => uploadScript(files),
    onSuccess: onScript,
    onError: (error) =>
      notifications.show({ color: "red", title: "The script was not taken", message: errorText(error) }),
  });
  const take = (files: File[]) => {
    if (files.length > 0) upload.mutate(files);
  };
  const drop = (e: DragEvent) => {
    e.preventDefault();
    setOver(false);
    take([...e.dataTransfer.files]);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut, the button does the same */}
      <div
        className={over ? `${classes.drop} ${classes.over}` : classes.drop}
        onDragOver={(e) => {
          e.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p>Drop a k6, JMeter or Locust script here: one file, several, or a zip of a folder.</p>
        <FileButton multiple onChange={take}>
          {(props) => (
            <Button
              {...props}
              variant="default"
              loading={upload.isPending}
              leftSection={<Icon name="file" size={14} />}
            >
              Choose files
            </Button>
          )}
        </FileButton>
        <p className="dim">It runs as it was written; its users and thresholds appear in the plan.</p>
      </div>
      {script && (
        <div className={classes.facts}>
          <span>
            {script.name} runs with <b>{script.engine}</b>
          </span>
          <NativeSelect
            label="File that is run"
            data={script.entries}
            value={entry}
            disabled={script.entries.length < 2}
            onChange={(e) => onEntry(e.currentTarget.value)}
          />
        </div>
      )}
    </>
  );
}
