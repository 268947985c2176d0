import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, errorText } from "../../api/errors";
import { regionsQuery, removeRegion } from "../../api/regions";
import page from "../Page.module.css";
import classes from "./RemoveRegion.module.css";

/** Removes a region after a question. One that runs use is removed by force only, which is asked once more. */
export function RemoveRegion({ name }: { name: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const remove = useMutation({
    mutationFn: (force: boolean) => removeRegion(name, force),
    onSuccess: async () => {
      // The list must not show it for the moment that its next answer takes.
      await queries.cancelQueries({ queryKey: ["regions"], exact: true });
      queries.setQueryData(regionsQuery.queryKey, (list) => list?.filter((r) => r.name !== name));
      await navigate({ to: "/regions" });
      queries.removeQueries({ queryKey: ["regions", name] });
      void queries.invalidateQueries({ queryKey: ["regions"], exact: true });
    },
  });
  const inUse = remove.error instanceof ApiError && remove.error.status === 409;
  const close = () => {
    setOpen(false);
    remove.reset();
  };
  return (
    <>
      <Button variant="subtle" color="gray" onClick={() => setOpen(true)}>
        Remove
      </Button>
      <Modal opened={open} onClose={close} title={`Remove the region ${name}?`} size="md">
        <p className={classes.words}>
          Scenarios that name it cannot run until they name another one. Runs that have ended keep all they measured.
        </p>
        {remove.isError && (
          <p className={classes.error} role="alert">
            {errorText(remove.error)}
          </p>
        )}
        <div className={`${page.tools} ${classes.foot}`}>
          <Button variant="default" onClick={close}>
            Keep it
          </Button>
          <Button color="red.7" loading={remove.isPending} onClick={() => remove.mutate(inUse)}>
            {inUse ? "Remove by force" : "Remove"}
          </Button>
        </div>
      </Modal>
    </>
  );
}
