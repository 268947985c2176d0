import { Kbd, TextInput } from "@mantine/core";
import { Icon } from "./Icon";

interface Props {
  value: string;
  onChange: (value: string) => void;
  placeholder: string;
}

/** The search field of a list: "/" goes there, Esc clears it and leaves. */
export function Search({ value, onChange, placeholder }: Props) {
  return (
    <TextInput
      data-search
      size="xs"
      w={240}
      maw="100%"
      aria-label={placeholder}
      placeholder={placeholder}
      leftSection={<Icon name="search" size={14} />}
      rightSection={value === "" ? <Kbd size="xs">/</Kbd> : undefined}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
      onKeyDown={(e) => {
        if (e.key !== "Escape") return;
        onChange("");
        e.currentTarget.blur();
      }}
    />
  );
}
