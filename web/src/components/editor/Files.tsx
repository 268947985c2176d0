import { Button, FileButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { errorText } from "../../api/errors";
import { uploadFile } from "../../api/scenarios";
import { Icon } from "../Icon";
import classes from "./Files.module.css";
import { RemoveButton } from "./ScenarioForm";

interface Props {
  files: Record<string, string>;
  onChange: (files: Record<string, string>) => void;
}

/** The files that a scenario names (data, bodies, certificates), by the path that it names them with. */
export function Files({ files, onChange }: Props) {
  const upload = useMutation({
    mutationFn: async (chosen: File[]) => {
      const added = await Promise.all(chosen.map(async (f) => [f.name, (await uploadFile(f)).sha256] as const));
      return Object.fromEntries(added);
    },
    onSuccess: (added) => onChange({ ...files, ...added }),
    onError: (error) =>
      notifications.show({ color: "red", title: "The file was not uploaded", message: errorText(error) }),
  });
  return (
    <div className={classes.files}>
      <FileButton multiple onChange={(chosen) => chosen.length > 0 && upload.mutate(chosen)}>
        {(props) => (
          <Button
            {...props}
            variant="default"
            size="xs"
            loading={upload.isPending}
            leftSection={<Icon name="file" size={14} />}
          >
            Add files
          </Button>
        )}
      </FileButton>
      {Object.entries(files).map(([path, sum]) => (
        <span key={path} className={classes.file} title={`SHA-256 ${sum}`}>
          {path}
          <RemoveButton
            label={`Remove ${path}`}
            onClick={() => onChange(Object.fromEntries(Object.entries(files).filter(([p]) => p !== path)))}
          />
        </span>
      ))}
      {Object.keys(files).length === 0 && (
        <span className="dim">CSV data, bodies or certificates that the text names.</span>
      )}
    </div>
  );
}
