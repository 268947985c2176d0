import { useQuery } from "@tanstack/react-query";
import { meQuery } from "../api/auth";

/** Whether the user may change scenarios and runs; a viewer only reads. The server decides, this only hides. */
export function useMayChange(): boolean {
  const role = useQuery(meQuery).data?.role;
  return role === "operator" || role === "admin";
}

/** Whether the user may change regions. */
export function useIsAdmin(): boolean {
  return useQuery(meQuery).data?.role === "admin";
}
