/** The package's entrance for configurations written as programs. */
import type { FileInput } from "./schema/file.js";

type Listener = FileInput["listeners"][number];
type TcpListener = Extract<Listener, { protocol: "tcp" }>;
type HttpListener = Exclude<Listener, TcpListener>;
type Route = NonNullable<HttpListener["routes"]>[number];
type To<T, Name extends string> = Omit<T, "cluster"> & { readonly cluster?: Name };

/** A cluster as a file writes it. */
export type ClusterConfig = FileInput["clusters"][string];

/** A route that can only name clusters that exist. */
export type RouteConfig<Name extends string = string> = To<Route, Name>;

/** A listener that can only name clusters that exist. */
export type ListenerConfig<Name extends string = string> =
  | (Omit<TcpListener, "cluster"> & { readonly cluster: Name })
  | (Omit<To<HttpListener, Name>, "routes"> & { readonly routes?: readonly RouteConfig<Name>[] });

/** A whole configuration: the file's keys, with `Name` as the names of its clusters. */
export type Config<Name extends string = string> = Omit<FileInput, "listeners" | "clusters"> & {
  readonly listeners: readonly ListenerConfig<Name>[];
  readonly clusters: Readonly<Record<Name, ClusterConfig>>;
};

/** Returns its argument. The compiler checks keys and values, and that every cluster that is named exists. */
export function defineConfig<const Name extends string>(
  config: Omit<Config<Name>, "listeners"> & { readonly listeners: readonly ListenerConfig<NoInfer<Name>>[] },
): Config<Name> {
  return config;
}
