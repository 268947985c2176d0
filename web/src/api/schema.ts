// Generated from docs/openapi.json by `npm run types`; do not edit.

export interface paths {
    "/api/v1/agent/artifacts/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keep a file that a task leaves
         * @description The token names run and task, is signed by the server and expires.
         */
        post: operations["put-agent-artifact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/agent/files/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Hand a run's file to its agents
         * @description The token names run and file, is signed by the server and expires.
         */
        get: operations["get-agent-file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drivers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the kinds of drivers with their settings
         * @description Needs the role viewer.
         */
        get: operations["list-drivers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a file that scenarios name
         * @description Files are kept by their content's hash; uploading one that is there already changes nothing.
         *
         *     Needs the role operator.
         */
        post: operations["upload-file"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/files/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say whether a file is stored, and its size
         * @description Needs the role operator.
         */
        get: operations["get-file-facts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Say whether the server and its database answer */
        get: operations["get-health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a session
         * @description Sets the session cookie. Programs send an API token instead: Authorization: Bearer.
         */
        post: operations["log-in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the session or token that the request carries
         * @description Needs the role viewer.
         */
        post: operations["log-out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say who the caller is
         * @description Needs the role viewer.
         */
        get: operations["get-me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change one's own password; ends all sessions
         * @description Needs the role viewer.
         */
        put: operations["change-password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describe this API (OpenAPI 3.1) */
        get: operations["get-openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Work out what a scenario would run now, without running it
         * @description To read what a script says, its tool runs the script's first part on the server: the plan of a script that is not saved needs the role operator.
         *
         *     Needs the role viewer.
         */
        post: operations["plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/regions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the places that run tasks
         * @description Settings are shown to admins alone.
         *
         *     Needs the role viewer.
         */
        get: operations["list-regions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/regions/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a region
         * @description Needs the role viewer.
         */
        get: operations["get-region"];
        /**
         * Make or replace a region
         * @description All faults are answered at once. Runs under way go on with the region that they began with. 201 tells that the name is new. A change takes the region's check away. The name in the body may be left out.
         *
         *     Needs the role admin.
         */
        put: operations["put-region"];
        post?: never;
        /**
         * Remove a region
         * @description A region that runs use is a conflict that names them, unless forced: then they go on to their end.
         *
         *     Needs the role admin.
         */
        delete: operations["delete-region"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/regions/{name}/capacity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask what a region holds now
         * @description Needs the role viewer.
         */
        get: operations["get-region-capacity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/regions/{name}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a region's newest check
         * @description Needs the role viewer.
         */
        get: operations["get-region-check"];
        put?: never;
        /**
         * Prove a region with a real run of one task
         * @description Answers with the check that was started, or with the one under way. What it finds stands in GET /regions/{name}/check.
         *
         *     Needs the role operator.
         */
        post: operations["start-region-check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List runs, newest first
         * @description Needs the role viewer.
         */
        get: operations["list-runs"];
        put?: never;
        /**
         * Start a run
         * @description The run keeps its own copy of the scenario, its files and the plan. It is planned before this answers, so what cannot run is refused here.
         *
         *     Needs the role operator.
         */
        post: operations["start-run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a run
         * @description Needs the role viewer.
         */
        get: operations["get-run"];
        put?: never;
        post?: never;
        /**
         * Remove an ended run with all that was measured
         * @description Needs the role operator.
         */
        delete: operations["delete-run"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the files that a run's tasks left
         * @description Needs the role viewer.
         */
        get: operations["list-artifacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what happened to a run
         * @description Needs the role viewer.
         */
        get: operations["list-events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch a run
         * @description Server-sent events. status comes first and at every change, snapshot once a second while the run is measured, event for each thing that happened, end last; then the stream ends. Events have ids: a reader that sends Last-Event-ID gets those that it missed.
         *
         *     Needs the role viewer.
         */
        get: operations["watch-run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/load": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change a running load to a new level until its end, or its number of tasks
         * @description Needs the role operator.
         */
        post: operations["change-load"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a running load; its clock stops too
         * @description Needs the role operator.
         */
        post: operations["pause-run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an ended run's report
         * @description Needs the role viewer.
         */
        get: operations["get-report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a paused load
         * @description Needs the role operator.
         */
        post: operations["resume-run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a run's figures over time, while it runs too
         * @description Needs the role viewer.
         */
        get: operations["get-series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/series.parquet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download an ended run's per-second series
         * @description Needs the role viewer.
         */
        get: operations["get-series-file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a run; what was measured is kept
         * @description Needs the role operator.
         */
        post: operations["stop-run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a run's tasks, replaced ones too
         * @description Needs the role viewer.
         */
        get: operations["list-tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/tasks/{task}/artifact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a file that a task left
         * @description Needs the role viewer.
         */
        get: operations["get-artifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/tasks/{task}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get what a task wrote on its output so far
         * @description With follow the answer is server-sent events: log for each piece of text, from its start on and then as it is written, end last, once the task has ended. A log event's id is the number of bytes up to its end: a reader that sends Last-Event-ID gets what comes after them.
         *
         *     Needs the role viewer.
         */
        get: operations["get-task-log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scenarios": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List scenarios by name
         * @description Needs the role viewer.
         */
        get: operations["list-scenarios"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scenarios/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Find all faults of a scenario without saving it
         * @description Needs the role viewer.
         */
        post: operations["check-scenario"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scenarios/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a scenario
         * @description Needs the role viewer.
         */
        get: operations["get-scenario"];
        /**
         * Save a scenario under its name
         * @description Saving what is there already changes nothing. 201 tells that the name is new. Secrets of auth are kept and shown as ***; a source that says *** keeps what was saved.
         *
         *     Needs the role operator.
         */
        put: operations["put-scenario"];
        post?: never;
        /**
         * Remove a scenario; its runs stay
         * @description Needs the role operator.
         */
        delete: operations["delete-scenario"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schema/scenario.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describe scenario files (JSON Schema), for editors */
        get: operations["get-scenario-schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scripts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a script with all that lies beside it
         * @description One part for each file, its path in the part's filename. A single file, or one zip, is kept as it is; several files become one zip. The answer says which engine it is for and which file would be run.
         *
         *     Needs the role operator.
         */
        post: operations["upload-script"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sweeps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get each region's latest sweep of orphans
         * @description A sweep stops tasks that run for nobody: their run has ended, or is not known to this server. It comes every hour, and soon after the server's start.
         *
         *     Needs the role viewer.
         */
        get: operations["list-sweeps"];
        put?: never;
        /**
         * Sweep regions for orphans now
         * @description Needs the role admin.
         */
        post: operations["sweep"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List one's own API tokens
         * @description Needs the role viewer.
         */
        get: operations["list-tokens"];
        put?: never;
        /**
         * Make an API token
         * @description Needs the role viewer.
         */
        post: operations["create-token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one of one's own API tokens
         * @description Needs the role viewer.
         */
        delete: operations["delete-token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the users
         * @description Needs the role admin.
         */
        get: operations["list-users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make a user, or change one
         * @description Needs the role admin.
         */
        put: operations["put-user"];
        post?: never;
        /**
         * Remove a user with their sessions and tokens
         * @description Needs the role admin.
         */
        delete: operations["delete-user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Say the server's version */
        get: operations["get-version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Accounting: {
            /** Format: int64 */
            samples_clamped: number;
            /** Format: int64 */
            samples_received: number;
            /** Format: int64 */
            samples_sent: number;
            /** Format: int64 */
            tasks_lost: number;
            /** Format: int64 */
            tasks_planned: number;
            /** Format: int64 */
            tasks_reported: number;
            /** Format: int64 */
            tasks_started: number;
            /** Format: int64 */
            tool_differs?: number;
            /** Format: int64 */
            tool_requests?: number;
            /** Format: int64 */
            tool_tasks?: number;
            /** Format: int64 */
            windows_missing: number;
            /** Format: int64 */
            windows_repeated: number;
        };
        Artifact: {
            name: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
            /** @description The task's name; one that was replaced has its attempt behind a dot. */
            task: string;
        };
        ArtifactList: {
            artifacts: components["schemas"]["Artifact"][];
        };
        Auth: {
            /** @description User and password, in the Authorization header. */
            basic?: components["schemas"]["Basic"];
            /** @description Token of Authorization: Bearer. Never shown again. */
            bearer?: string;
            /** @description AWS Signature Version 4. */
            sigv4?: components["schemas"]["SigV4"];
        };
        Basic: {
            /** @description Password. Never shown again. */
            password?: string;
            /** @description User name, without ':'. */
            user: string;
        };
        Capacity: {
            /** Format: int64 */
            in_use: number;
            /** Format: int64 */
            limit?: number;
            note?: string;
            quotas?: components["schemas"]["Quota"][] | null;
        };
        Change: {
            at: components["schemas"]["Duration"];
            kind: string;
            /** Format: double */
            level?: number;
            tasks?: {
                [key: string]: number;
            };
        };
        Checked: {
            /** @description Every fault; none means that the scenario is valid. */
            problems: components["schemas"]["Problem"][];
            /** @description The scenario as read, when it has no faults. */
            scenario?: components["schemas"]["Scenario"];
        };
        Connection: {
            /**
             * @description Several addresses of one name. turn: each new connection takes the next one. resolved: the first one, in the order of the answer, and the next only when it fails.
             * @default turn
             * @enum {string}
             */
            addresses: "turn" | "resolved";
            /** @description Ask for compressed responses (Accept-Encoding: gzip). */
            compression?: boolean;
            /** @description Bound for DNS, connect and TLS together. */
            connect_timeout?: components["schemas"]["Duration"];
            /**
             * @description Keep cookies and send them back: a jar for each user, and one for each arrival with a rate.
             * @default false
             */
            cookies: boolean;
            /** @description How long an answer of DNS is used, instead of its own time to live; 0s asks for every new connection. */
            dns_ttl?: components["schemas"]["Duration"];
            /** @description Value of the Host header, instead of the URL's. */
            host?: string;
            /** @description Addresses for host names, instead of DNS: name to IP or IP:port. */
            hosts?: {
                [key: string]: string;
            };
            /**
             * @description HTTP version: auto (1.1 or 2, by ALPN), 1.1, 2 (over clear text: with prior knowledge), 3 (QUIC, https only).
             * @default auto
             * @enum {string}
             */
            http: "auto" | "1.1" | "2" | "3";
            /**
             * @description Addresses to use: auto (both kinds), 4 (IPv4 only), 6 (IPv6 only).
             * @default auto
             * @enum {string}
             */
            ip: "auto" | "4" | "6";
            /**
             * @description Reuse connections; false opens one per request.
             * @default true
             */
            keep_alive: boolean;
            /** @description Source addresses, used in turn. */
            local_addresses?: string[] | null;
            /** @description A response body larger than this is an error of cause too_large. Default: no bound but the timeout. */
            max_body?: components["schemas"]["Size"];
            /** @description A response head larger than this is an error of cause malformed. */
            max_head?: components["schemas"]["Size"];
            /** @description URL of a proxy: http://, https:// or socks5://, with user and password if it wants them. The environment's proxies are never used. */
            proxy?: string;
            /** @description DNS servers, IP or IP:port, instead of the system's. */
            resolvers?: string[] | null;
            /**
             * Format: int64
             * @description Most requests at once on one connection of HTTP/2 or HTTP/3. Above 1, users share connections.
             * @default 1
             */
            streams: number;
            /** @description TLS towards the target. */
            tls?: components["schemas"]["TLS"];
            /** @description Absolute path of a Unix socket on the task's machine; all requests go there, whatever host their URL names. */
            unix_socket?: string;
        };
        CreatedToken: {
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            expires?: string;
            id: string;
            kind: string;
            label?: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "admin";
            /** @description The token itself. It is shown only here. */
            secret: string;
            /** Format: date-time */
            used?: string;
            user: string;
        };
        CriterionResult: {
            /** Format: int64 */
            at?: number;
            criterion: string;
            /** Format: double */
            found?: number;
            found_text?: string;
            /** @enum {string} */
            verdict: "passed" | "failed" | "not_judged";
            why?: string;
        };
        Data: {
            /** @description Path of the CSV file, relative to the scenario. */
            file: string;
            /** @description Name in ${name.column}. Default: the file's name without extension. */
            name?: string;
            /**
             * @description How rows follow each other.
             * @default sequential
             * @enum {string}
             */
            order: "sequential" | "random";
            /**
             * @description same: every task reads all rows. split: each task has its own part and repeats it. unique: each row is used at most once in the whole run.
             * @default same
             * @enum {string}
             */
            sharing: "same" | "split" | "unique";
        };
        Draft: {
            /** @description Files that source names: path in the scenario to the SHA-256 of uploaded content. */
            files?: {
                [key: string]: string;
            };
            /** @description Name of a saved scenario. */
            scenario?: string;
            /** @description The scenario as YAML or JSON text, instead of a saved one. */
            source?: string;
        };
        DriverKind: {
            name: string;
            /** @description Its own settings, in the order of a form. */
            settings: components["schemas"]["Setting"][];
            /** @description One line for people. */
            summary: string;
        };
        DriverList: {
            drivers: components["schemas"]["DriverKind"][];
        };
        /**
         * @description A length of time.
         * @example 90s
         * @example 1m30s
         * @example 1.5h
         * @example 2d
         */
        Duration: string;
        Event: {
            /** Format: date-time */
            at: string;
            kind: string;
            run: string;
            /** Format: int64 */
            seq: number;
            task?: string;
            text: string;
        };
        EventList: {
            events: components["schemas"]["Event"][];
        };
        Expect: {
            /** @description Text that the body must hold. */
            body_contains?: string;
            /** @description Regular expression (RE2) that the body must match somewhere. */
            body_matches?: string;
            /** @description Response headers that must be there, each holding this text; an empty text is held by all. */
            headers?: {
                [key: string]: string;
            };
            /** @description JSONPath (RFC 9535) to the text of the value there, numbers as they are written; '*': any value, but there. */
            json?: {
                [key: string]: string;
            };
            /** @description MD5 of the body, unpacked, in hex. */
            md5?: string;
            /** @description SHA-256 of the body, unpacked, in hex. */
            sha256?: string;
            /** @description Bytes of the body, unpacked: 1024, 64KiB, 1KiB-2KiB. */
            size?: string;
            /** @description Statuses that count as success: 200, 2xx, 200-299. */
            status?: string[] | null;
        };
        Extract: {
            /** @description The value where the response has none. Without it, that is a failure of cause extract. */
            default?: string;
            /**
             * Format: int64
             * @description Which group of the regular expression is the value; 0 is the whole match. Default: 1, or 0 when it has no group.
             */
            group?: number;
            /** @description Name of a response header. */
            header?: string;
            /** @description JSONPath (RFC 9535) into the body, as $.items[0].id: the first value that it finds. */
            json?: string;
            /** @description Regular expression (RE2) over the body: its first match. */
            regex?: string;
        };
        Fault: {
            /**
             * @description What kind of fault it is; the only part for programs to act on.
             * @enum {string}
             */
            code: "internal" | "invalid" | "not_found" | "conflict" | "unauthorized" | "forbidden" | "too_large" | "unavailable" | "throttled";
            /** @description What went wrong, in words for people. */
            detail: string;
            /** @description Every single fault of the input. */
            problems?: components["schemas"]["Problem"][] | null;
            /**
             * Format: int64
             * @description The HTTP status.
             */
            status: number;
            /** @description The status in words. */
            title: string;
            /** @description Always about:blank: the code says it. */
            type: string;
        };
        Figures: {
            body_ms?: components["schemas"]["Latency"];
            /** Format: int64 */
            bytes_received: number;
            /** Format: int64 */
            bytes_sent: number;
            connect_ms?: components["schemas"]["Latency"];
            dns_ms?: components["schemas"]["Latency"];
            failure_causes: {
                [key: string]: number;
            };
            /** Format: int64 */
            failures: number;
            first_byte_ms?: components["schemas"]["Latency"];
            /** Format: int64 */
            late?: number;
            latency_ms: components["schemas"]["Latency"];
            /** Format: int64 */
            offered?: number;
            /** Format: int64 */
            redirects?: number;
            /** Format: int64 */
            requests: number;
            /** Format: double */
            requests_per_second: number;
            schedule_lag_ms?: components["schemas"]["Latency"];
            service_ms?: components["schemas"]["Latency"];
            /** Format: int64 */
            started?: number;
            status_codes: {
                [key: string]: number;
            };
            tcp_ms?: components["schemas"]["Latency"];
            tls_ms?: components["schemas"]["Latency"];
        };
        Finding: {
            /** @description What was looked at: credentials, permission, image, quota, addresses, reach, run. */
            check: string;
            /** @description What to do about it. */
            remedy?: string;
            /** @enum {string} */
            state: "ok" | "warning" | "failed";
            /** @description What was found. */
            text: string;
        };
        Flow: {
            /** @description Unique name among the flows. */
            name: string;
            /** @description What is sent, in this order. At most 1000 in all flows together. */
            requests: components["schemas"]["Request"][] | null;
            /**
             * Format: int64
             * @description Share among the flows; either all have one or none.
             */
            weight?: number;
        };
        Generator: {
            /** Format: int64 */
            limited: number;
            limited_by?: {
                [key: string]: number;
            };
            /** Format: int64 */
            task_seconds: number;
        };
        Health: {
            /** @enum {string} */
            status: "ok";
        };
        Intent: {
            /** Format: date-time */
            at: string;
            by?: string;
            /** @enum {string} */
            kind: "stop" | "drain" | "level" | "pause" | "resume";
            /** Format: double */
            level?: number;
            run: string;
            /** Format: int64 */
            seq: number;
            tasks?: {
                [key: string]: number;
            };
        };
        Latency: {
            /** Format: int64 */
            clamped?: number;
            /** Format: int64 */
            count: number;
            /** Format: double */
            max: number;
            /** Format: double */
            mean: number;
            /** Format: double */
            min: number;
            /** Format: double */
            p50: number;
            /** Format: double */
            p90: number;
            /** Format: double */
            p95: number;
            /** Format: double */
            p99: number;
            /** Format: double */
            p99_9: number;
            /** Format: double */
            stddev: number;
        };
        Load: {
            /**
             * @description What one arrival of the open model sends: one request, or one whole iteration. Default: iteration when there are flows or a request extracts, else request.
             * @enum {string}
             */
            arrival?: "request" | "iteration";
            /**
             * @description Spacing of arrivals in the open model.
             * @default constant
             * @enum {string}
             */
            arrivals: "constant" | "poisson";
            /** @description The whole run, ramps included; instead of hold_for. */
            duration?: components["schemas"]["Duration"];
            /** @description Time at full load after the ramp. */
            hold_for?: components["schemas"]["Duration"];
            /**
             * Format: int64
             * @description Stop after so many iterations in the whole run. With a rate: arrivals that are iterations.
             */
            iterations?: number;
            /**
             * Format: int64
             * @description Most arrivals under way in one task (open model).
             * @default 10000
             */
            max_connections: number;
            /** @description Time from the full load to zero at the end. */
            ramp_down?: components["schemas"]["Duration"];
            /** @description Time from zero to the full load, a straight line. */
            ramp_up?: components["schemas"]["Duration"];
            /** @description Arrivals a second of the whole run, shared over the tasks (open model): 200, 200/s, 6000/m. An arrival is a request or an iteration, see arrival. */
            rate?: string;
            /**
             * Format: int64
             * @description Stop after so many requests in the whole run. Not where an arrival is an iteration.
             */
            requests?: number;
            /** @description Straight lines from level to level, starting at 0; instead of users, rate, ramps and duration. */
            stages?: components["schemas"]["Stage"][] | null;
            /**
             * Format: int64
             * @description Concurrent users of the whole run, shared over the tasks (closed model).
             */
            total_users?: number;
            /**
             * Format: int64
             * @description Concurrent users in each task (closed model).
             */
            users?: number;
        };
        LoadChange: {
            /**
             * Format: double
             * @description Requests a second of the whole run (open model).
             */
            rate?: number;
            /** @description Only this region's tasks; with tasks. */
            region?: string;
            /**
             * Format: int64
             * @description Tasks of the whole run, or of region: for engines without live control (k6, jmeter), whose users come and go with tasks. Each task more runs the script from its start, with the share of a planned one.
             */
            tasks?: number;
            /**
             * Format: int64
             * @description Users of the whole run (closed model).
             */
            total_users?: number;
            /**
             * Format: int64
             * @description Users in each task (closed model).
             */
            users?: number;
        };
        LogPiece: {
            text: string;
        };
        Login: {
            /** @description The user's name. */
            name: string;
            /** @description The user's password. */
            password: string;
        };
        Me: {
            name: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "admin";
        };
        MetricFigures: {
            /** Format: int64 */
            count: number;
            /** Format: int64 */
            failed?: number;
            kind: string;
            /** Format: double */
            last: number;
            /** Format: double */
            max: number;
            /** Format: double */
            min: number;
            /** Format: int64 */
            passed?: number;
            /** Format: double */
            per_second?: number;
            /** Format: double */
            share?: number;
            /** Format: double */
            sum: number;
            trend?: components["schemas"]["Latency"];
            unit?: string;
        };
        NewToken: {
            /**
             * Format: int64
             * @description When it expires; 0 means never.
             */
            days?: number;
            /** @description What the token is for. */
            label: string;
            /**
             * @description At most the caller's own, which is the default.
             * @enum {string}
             */
            role?: "viewer" | "operator" | "admin";
        };
        Orphan: {
            /** Format: int64 */
            attempt?: number;
            instance: string;
            run: string;
            /** Format: date-time */
            started?: string;
            task: string;
            why: string;
        };
        Override: {
            field: string;
            scenario: string;
            script: string;
        };
        PasswordChange: {
            new: string;
            old: string;
        };
        Plan: {
            arrival?: string;
            criteria?: string[] | null;
            data?: components["schemas"]["PlanData"][] | null;
            duration?: components["schemas"]["Duration"];
            engine: string;
            /** Format: int64 */
            expected?: number;
            /** Format: int64 */
            iterations?: number;
            lost_tasks: string;
            /** @enum {string} */
            model: "closed" | "open";
            overrides?: components["schemas"]["Override"][] | null;
            profile: components["schemas"]["Profile"];
            /** Format: double */
            rate?: number;
            regions: components["schemas"]["PlanRegion"][] | null;
            /** Format: int64 */
            requests?: number;
            scenario: string;
            script?: components["schemas"]["ScriptFacts"];
            share?: string;
            start?: components["schemas"]["StartPolicy"];
            /** Format: int64 */
            tasks: number;
            /** Format: int64 */
            users?: number;
            warnings?: string[] | null;
        };
        PlanData: {
            columns: string[] | null;
            file: string;
            name: string;
            /** Format: int64 */
            rows: number;
            sharing: string;
        };
        PlanRegion: {
            capacity: components["schemas"]["Capacity"];
            driver: string;
            name: string;
            /** Format: double */
            rate?: number;
            tasks: components["schemas"]["PlanTask"][] | null;
            /** Format: int64 */
            users?: number;
        };
        PlanTask: {
            added?: boolean;
            /** Format: int64 */
            index: number;
            /** Format: int64 */
            iterations?: number;
            leaves?: components["schemas"]["Duration"];
            name: string;
            /** Format: double */
            rate?: number;
            /** Format: int64 */
            requests?: number;
            rows?: {
                [key: string]: number;
            };
            share: components["schemas"]["Share"];
            /** Format: int64 */
            users?: number;
        };
        Point: {
            at: components["schemas"]["Duration"];
            /** Format: double */
            level: number;
        };
        Problem: {
            allowed?: string;
            found?: string;
            /** Format: int64 */
            line?: number;
            message: string;
            path: string;
        };
        Profile: {
            endless?: boolean;
            points: components["schemas"]["Point"][] | null;
        };
        Quota: {
            /** Format: double */
            in_use: number;
            /** Format: double */
            limit: number;
            name: string;
            /** Format: int64 */
            tasks: number;
            unit: string;
        };
        Reached: {
            /** Format: date-time */
            first?: string;
            /** Format: date-time */
            last?: string;
            /** Format: int64 */
            tasks: number;
        };
        Region: {
            /**
             * Format: double
             * @description Cores of each task.
             */
            cpu?: number;
            /** @description What starts its tasks: local, docker, kubernetes or ecs. */
            driver: string;
            /** @description Container image of the tasks. */
            image?: string;
            /** @description Container images by engine, where it is not image. */
            images?: {
                [key: string]: string;
            };
            /** @description Free words for people and reports. location (latitude,longitude) places it on the map, provider_region says by whose prices it is billed. */
            labels?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Most tasks at once, of all runs. Default: what the platform holds.
             */
            limit?: number;
            /** @description Memory of each task, e.g. 2GiB. */
            memory?: components["schemas"]["Size"];
            /** @description Unique name: letters, digits, '-', '_', at most 63. */
            name: string;
            /**
             * Format: int64
             * @description Most tasks of one run.
             */
            run_limit?: number;
            /** @description URL at which its tasks reach the server, where that is not the server's public one. */
            server?: string;
            /** @description The driver's own settings. */
            settings?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Most users that one task may have here.
             */
            users_per_task?: number;
        };
        RegionCapacity: {
            /** @description Why the region could not be asked; then the other figures mean nothing. */
            finding?: components["schemas"]["Finding"];
            /**
             * Format: int64
             * @description Tasks that could start now; absent when no limit is known.
             */
            free?: number;
            /** Format: int64 */
            in_use: number;
            /** Format: int64 */
            limit?: number;
            note?: string;
            quotas?: components["schemas"]["Quota"][] | null;
        };
        RegionCheck: {
            /** @description Who started it. */
            by?: string;
            /** Format: date-time */
            ended?: string;
            /** @description What was found so far, in order. */
            findings: components["schemas"]["Finding"][];
            id: string;
            region: string;
            /** @description The runs that it made; lists of runs leave them out. */
            runs?: string[] | null;
            /** Format: date-time */
            started: string;
            /** @enum {string} */
            state: "running" | "ok" | "warning" | "failed";
            /** @description What it is doing now. */
            step?: string;
            /**
             * Format: date-time
             * @description When its server last worked on it.
             */
            updated: string;
        };
        RegionItem: {
            /** @description Its newest check, if it was checked since its last change. */
            check?: components["schemas"]["RegionCheck"];
            /**
             * Format: double
             * @description Cores of each task.
             */
            cpu?: number;
            /** @description What starts its tasks: local, docker, kubernetes or ecs. */
            driver: string;
            /** @description Container image of the tasks. */
            image?: string;
            /** @description Container images by engine, where it is not image. */
            images?: {
                [key: string]: string;
            };
            /** @description Free words for people and reports. location (latitude,longitude) places it on the map, provider_region says by whose prices it is billed. */
            labels?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Most tasks at once, of all runs. Default: what the platform holds.
             */
            limit?: number;
            /** @description Memory of each task, e.g. 2GiB. */
            memory?: components["schemas"]["Size"];
            /** @description Unique name: letters, digits, '-', '_', at most 63. */
            name: string;
            /**
             * Format: int64
             * @description Most tasks of one run.
             */
            run_limit?: number;
            /** @description URL at which its tasks reach the server, where that is not the server's public one. */
            server?: string;
            /** @description The driver's own settings. */
            settings?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Most users that one task may have here.
             */
            users_per_task?: number;
        };
        RegionList: {
            regions: components["schemas"]["RegionItem"][];
        };
        RegionLoad: {
            /** @description A region known to the server. */
            name: string;
            /** @description Arrivals a second of each task here, instead of load.rate. */
            rate?: string;
            /** @description Part of load.rate, load.total_users or of the limits that this region takes, e.g. 60%. Either all regions have one, adding up to 100%, or none. */
            share?: string;
            /**
             * Format: int64
             * @description How many tasks run there.
             * @default 1
             */
            tasks: number;
            /**
             * Format: int64
             * @description Users in each task here, instead of load.users.
             */
            users?: number;
        };
        RegionStart: {
            /** Format: date-time */
            asked?: string;
            /** Format: int64 */
            failed: number;
            hello: components["schemas"]["Reached"];
            load: components["schemas"]["Reached"];
            ready: components["schemas"]["Reached"];
            /** Format: double */
            skew_ms: number;
            /** Format: int64 */
            tasks: number;
            up: components["schemas"]["Reached"];
            why?: string[] | null;
            within?: components["schemas"]["Duration"];
        };
        Report: {
            accounting: components["schemas"]["Accounting"];
            criteria: components["schemas"]["CriterionResult"][] | null;
            events?: components["schemas"]["Event"][] | null;
            generator: components["schemas"]["Generator"];
            labels: {
                [key: string]: components["schemas"]["Figures"];
            };
            metrics?: {
                [key: string]: components["schemas"]["MetricFigures"];
            };
            notes?: string[] | null;
            plan?: components["schemas"]["Plan"];
            provisioning?: {
                [key: string]: components["schemas"]["RegionStart"];
            };
            regions: {
                [key: string]: components["schemas"]["Figures"];
            };
            run: components["schemas"]["RunFacts"];
            /** Format: double */
            start_skew_ms: number;
            tasks: {
                [key: string]: components["schemas"]["TaskFigures"];
            };
            total: components["schemas"]["Figures"];
        };
        Request: {
            /** @description How the request says who sends it: exactly one of basic, bearer and sigv4. */
            auth?: components["schemas"]["Auth"];
            /** @description Request body as text. */
            body?: string;
            /** @description File whose content is the body, relative to the scenario. */
            body_file?: string;
            /** @description What makes a response a success. Default: status 200 to 399. */
            expect?: components["schemas"]["Expect"];
            /** @description Values taken from the response: ${name} stands for one in later requests of the same iteration. */
            extract?: {
                [key: string]: components["schemas"]["Extract"];
            };
            /** @description Request headers. */
            headers?: {
                [key: string]: string;
            };
            /** @description Name under which figures are kept; requests of one label share them. Default: method and path. */
            label?: string;
            /**
             * @description HTTP method.
             * @default GET
             */
            method: string;
            /**
             * Format: int64
             * @description How many redirects to follow; 0 counts the redirect itself as the response.
             * @default 10
             */
            redirects: number;
            /** @description Pause after this request, instead of the scenario's think_time; 0s is none. */
            think_time?: string;
            /** @description From the send to the last byte. */
            timeout?: components["schemas"]["Duration"];
            /** @description Absolute http or https URL; may hold ${variables}. */
            url: string;
            /**
             * Format: int64
             * @description Share among the requests; either all have one or none. Not in a flow.
             */
            weight?: number;
        };
        Run: {
            /** Format: int64 */
            applied?: number;
            by?: string;
            cause?: string[] | null;
            changes?: components["schemas"]["Change"][] | null;
            check?: components["schemas"]["RunCheck"];
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            ended?: string;
            files?: {
                [key: string]: string;
            };
            id: string;
            keep?: boolean;
            note?: string;
            /** @enum {string} */
            outcome?: "completed" | "degraded" | "could_not_run" | "cancelled";
            plan?: components["schemas"]["Plan"];
            scenario: string;
            /** Format: date-time */
            since: string;
            spec: components["schemas"]["Scenario"];
            /** Format: date-time */
            started?: string;
            /** @enum {string} */
            status: "queued" | "provisioning" | "ready" | "running" | "cancelling" | "finishing" | "ended";
            /** Format: date-time */
            stopped?: string;
            summary?: components["schemas"]["RunSummary"];
            /** @enum {string} */
            verdict?: "passed" | "failed" | "not_judged";
        };
        RunCheck: {
            image?: string;
            region: string;
        };
        RunFacts: {
            cause?: string[] | null;
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            ended?: string;
            id: string;
            /** @enum {string} */
            outcome: "completed" | "degraded" | "could_not_run" | "cancelled";
            scenario: string;
            /** Format: double */
            seconds: number;
            /** Format: date-time */
            started?: string;
            /** @enum {string} */
            status: "queued" | "provisioning" | "ready" | "running" | "cancelling" | "finishing" | "ended";
            /** @enum {string} */
            verdict: "passed" | "failed" | "not_judged";
        };
        RunItem: {
            by?: string;
            cause?: string[] | null;
            changes?: components["schemas"]["Change"][] | null;
            /** @description Set when it only proves a region. */
            check?: components["schemas"]["RunCheck"];
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            ended?: string;
            id: string;
            keep?: boolean;
            note?: string;
            /** @enum {string} */
            outcome?: "completed" | "degraded" | "could_not_run" | "cancelled";
            scenario: string;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            started?: string;
            /** @enum {string} */
            status: "queued" | "provisioning" | "ready" | "running" | "cancelling" | "finishing" | "ended";
            /** Format: date-time */
            stopped?: string;
            /** @description The few figures that lists show, once it has ended. */
            summary?: components["schemas"]["RunSummary"];
            /** @enum {string} */
            verdict?: "passed" | "failed" | "not_judged";
        };
        RunList: {
            /** @description There are older ones: ask with before set to the last run's id. */
            more: boolean;
            runs: components["schemas"]["RunItem"][];
        };
        RunStart: {
            /** @description Files that source names: path in the scenario to the SHA-256 of uploaded content. */
            files?: {
                [key: string]: string;
            };
            /** @description Free text kept with the run. */
            note?: string;
            /** @description Name of a saved scenario. */
            scenario?: string;
            /** @description Values of the scenario's secrets, by name. They are kept sealed until the run ends, and shown nowhere. */
            secrets?: {
                [key: string]: string;
            };
            /** @description The scenario as YAML or JSON text, instead of a saved one. */
            source?: string;
        };
        RunSummary: {
            /** Format: int64 */
            failures: number;
            /** Format: double */
            p95: number;
            /** Format: int64 */
            requests: number;
            /** Format: double */
            requests_per_second: number;
            /** Format: double */
            seconds: number;
        };
        SavedRegion: {
            /** @description False when exactly this was saved already. */
            changed: boolean;
            /**
             * Format: double
             * @description Cores of each task.
             */
            cpu?: number;
            /** @description What starts its tasks: local, docker, kubernetes or ecs. */
            driver: string;
            /** @description Container image of the tasks. */
            image?: string;
            /** @description Container images by engine, where it is not image. */
            images?: {
                [key: string]: string;
            };
            /** @description Free words for people and reports. location (latitude,longitude) places it on the map, provider_region says by whose prices it is billed. */
            labels?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Most tasks at once, of all runs. Default: what the platform holds.
             */
            limit?: number;
            /** @description Memory of each task, e.g. 2GiB. */
            memory?: components["schemas"]["Size"];
            /** @description Unique name: letters, digits, '-', '_', at most 63. */
            name: string;
            /**
             * Format: int64
             * @description Most tasks of one run.
             */
            run_limit?: number;
            /** @description URL at which its tasks reach the server, where that is not the server's public one. */
            server?: string;
            /** @description The driver's own settings. */
            settings?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Most users that one task may have here.
             */
            users_per_task?: number;
        };
        SavedScenario: {
            by?: string;
            /** @description False when exactly this was saved already. */
            changed: boolean;
            /** Format: date-time */
            created: string;
            files?: {
                [key: string]: string;
            };
            name: string;
            scenario: components["schemas"]["Scenario"];
            source: string;
            /** Format: date-time */
            updated: string;
            /** Format: int64 */
            version: number;
        };
        Scenario: {
            /** @description How requests reach the target. */
            connection?: components["schemas"]["Connection"];
            /** @description Pass rules, e.g. 'p95 < 300ms'. */
            criteria?: string[] | null;
            /** @description CSV files whose rows feed requests. */
            data?: components["schemas"]["Data"][] | null;
            /** @description Free text. */
            description?: string;
            /**
             * @description What makes the load.
             * @default http
             * @enum {string}
             */
            engine: "http" | "k6" | "jmeter" | "locust" | "scripted";
            /** @description The file that is run, within a zip or folder. Default: found by its name. */
            entry?: string;
            /** @description Environment of the script (k6: __ENV). */
            env?: {
                [key: string]: string;
            };
            /** @description Sequences of requests, instead of requests: a user walks one whole flow, then another. Without weights: in turn. With weights: drawn by weight. */
            flows?: components["schemas"]["Flow"][] | null;
            /** @description How hard, and for how long. With a script: what replaces its own load; without it, the script runs as it was written. */
            load?: components["schemas"]["Load"];
            /**
             * @description What to do when a task is lost while running.
             * @default continue
             * @enum {string}
             */
            lost_tasks: "continue" | "replace" | "stop";
            /** @description Unique name: letters, digits, '-', '_', '.', at most 100. */
            name: string;
            /** @description JMeter properties, as -J sets them. */
            properties?: {
                [key: string]: string;
            };
            /** @description Where the tasks run. Default: one task in region local. */
            regions?: components["schemas"]["RegionLoad"][] | null;
            /** @description What a user sends. Without weights: all in order. With weights: one, drawn by weight. */
            requests?: components["schemas"]["Request"][] | null;
            /** @description The script of a tool (k6, jmeter, locust): a file, a zip, or a folder, relative to the scenario. It runs as it was written. */
            script?: string;
            /** @description Behaviour of the scripted engine, for tests of Onrush itself. */
            scripted?: components["schemas"]["Scripted"];
            /** @description More environment, whose values are read when the run starts and kept nowhere. */
            secrets?: {
                [key: string]: components["schemas"]["Secret"];
            };
            /**
             * @description split: all tasks together make the script's load once. per task: each makes the whole of it.
             * @default split
             * @enum {string}
             */
            share: "split" | "per task";
            /** @description How long to wait for the tasks before the load, and what to do without some of them. */
            start?: components["schemas"]["StartPolicy"];
            /** @description Words to filter by. */
            tags?: string[] | null;
            /** @description Pause of a user between requests: 1s, or drawn from 1s-3s. Not with a rate of single requests. */
            think_time?: string;
            /** @description Values for ${name} in URLs, headers and bodies. */
            variables?: {
                [key: string]: string;
            };
        };
        ScenarioBody: {
            /** @description Files that source names: path in the scenario to the SHA-256 of uploaded content. */
            files?: {
                [key: string]: string;
            };
            /** @description The scenario as YAML or JSON text. */
            source: string;
        };
        ScenarioItem: {
            by?: string;
            /** Format: date-time */
            created: string;
            files?: {
                [key: string]: string;
            };
            /** @description Its newest run, if it has one. */
            last_run?: components["schemas"]["RunItem"];
            name: string;
            scenario: components["schemas"]["Scenario"];
            source: string;
            /** Format: date-time */
            updated: string;
            /** Format: int64 */
            version: number;
        };
        ScenarioList: {
            /** @description There are more after the last one. */
            more: boolean;
            scenarios: components["schemas"]["ScenarioItem"][];
        };
        ScenarioRecord: {
            by?: string;
            /** Format: date-time */
            created: string;
            files?: {
                [key: string]: string;
            };
            name: string;
            scenario: components["schemas"]["Scenario"];
            source: string;
            /** Format: date-time */
            updated: string;
            /** Format: int64 */
            version: number;
        };
        ScriptFacts: {
            duration?: components["schemas"]["Duration"];
            entries?: string[] | null;
            entry: string;
            /** Format: int64 */
            iterations?: number;
            notes?: string[] | null;
            parts?: components["schemas"]["ScriptPart"][] | null;
            /** Format: double */
            rate?: number;
            thresholds?: components["schemas"]["ScriptThreshold"][] | null;
            tool: string;
            unshared?: string[] | null;
            /** Format: int64 */
            users?: number;
        };
        ScriptPart: {
            begin?: components["schemas"]["Duration"];
            duration?: components["schemas"]["Duration"];
            /** Format: int64 */
            iterations?: number;
            kind: string;
            name: string;
            /** Format: double */
            rate?: number;
            stages?: string[] | null;
            /** Format: int64 */
            step?: number;
            text?: string;
            /** Format: int64 */
            users?: number;
            /** Format: int64 */
            weight?: number;
        };
        ScriptThreshold: {
            abort?: boolean;
            metric: string;
            rule: string;
        };
        Scripted: {
            /** @description The task's process ends itself with SIGKILL. */
            crash_at?: components["schemas"]["Duration"];
            /**
             * Format: int64
             * @description Every so-many-th sample fails with status 500.
             */
            error_each?: number;
            /** @description The engine returns an error. */
            exit_at?: components["schemas"]["Duration"];
            /**
             * Format: int64
             * @description Exit code named in that error.
             */
            exit_code?: number;
            /** @description The engine refuses to get ready. */
            fail_start?: boolean;
            /** @description The engine stops sampling and ignores drain; only stop-now ends it. */
            hang_at?: components["schemas"]["Duration"];
            /** @description Samples are spread evenly over latency to latency+jitter. */
            jitter?: components["schemas"]["Duration"];
            /** @description Latency of every sample. */
            latency?: components["schemas"]["Duration"];
            /** @description The whole process stops (SIGSTOP to itself). */
            mute_at?: components["schemas"]["Duration"];
            /** @description The engine never gets ready. */
            never_ready?: boolean;
            /** @description Indexes of the tasks that misbehave. Default: all. */
            tasks?: number[] | null;
        };
        Secret: {
            /** @description Name of an environment variable of whoever starts the run. */
            env?: string;
            /** @description File that holds the value, on the machine of whoever starts the run; a newline at its end does not count. */
            file?: string;
        };
        Series: {
            points: components["schemas"]["SeriesPoint"][] | null;
            /** Format: int64 */
            step: number;
        };
        SeriesPoint: {
            /** Format: int64 */
            bytes_received: number;
            /** Format: int64 */
            bytes_sent: number;
            /** Format: int64 */
            failures: number;
            /** Format: double */
            first_byte_p95: number;
            /** Format: int64 */
            in_flight: number;
            /** Format: double */
            lag_p99: number;
            /** Format: int64 */
            limited: number;
            limited_by?: string;
            /** Format: double */
            max: number;
            /** Format: double */
            mean: number;
            /** Format: double */
            offered: number;
            /** Format: double */
            p50: number;
            /** Format: double */
            p90: number;
            /** Format: double */
            p95: number;
            /** Format: double */
            p99: number;
            /** Format: double */
            p99_9: number;
            /** Format: int64 */
            requests: number;
            /** Format: int64 */
            second: number;
            /** Format: int64 */
            started: number;
            /** Format: int64 */
            tasks: number;
            /** Format: int64 */
            users: number;
        };
        Setting: {
            /** @description The words that it may be; none: free text. */
            allowed?: string[] | null;
            default?: string;
            example?: string;
            /** @description One sentence; says what empty means. */
            help: string;
            name: string;
            required?: boolean;
            /** @description Never shown again. */
            secret?: boolean;
        };
        Share: {
            /** Format: int64 */
            group: number;
            groups: components["schemas"]["ShareGroup"][] | null;
            /** Format: int64 */
            index: number;
        };
        ShareGroup: {
            /** Format: int64 */
            tasks: number;
            /** Format: int64 */
            weight: number;
        };
        SigV4: {
            /** @description Access key ID. */
            access_key: string;
            /** @description AWS region of the target: eu-central-1. */
            region: string;
            /** @description Secret access key. Never shown again. */
            secret_key: string;
            /** @description Name of the AWS service in the signature: s3, execute-api, es. */
            service: string;
            /** @description Token of temporary credentials. Never shown again. */
            session_token?: string;
        };
        /**
         * @description A number of bytes.
         * @example 1048576
         * @example 10MB
         * @example 64KiB
         */
        Size: string;
        Snapshot: {
            /** Format: date-time */
            at: string;
            criteria: components["schemas"]["CriterionResult"][] | null;
            generator: components["schemas"]["Generator"];
            labels: {
                [key: string]: components["schemas"]["Figures"];
            };
            last: components["schemas"]["SeriesPoint"];
            metrics?: {
                [key: string]: components["schemas"]["MetricFigures"];
            };
            notes?: string[] | null;
            provisioning?: {
                [key: string]: components["schemas"]["RegionStart"];
            };
            region_last: {
                [key: string]: components["schemas"]["SeriesPoint"];
            };
            regions: {
                [key: string]: components["schemas"]["Figures"];
            };
            run: string;
            /** Format: int64 */
            second: number;
            /** @enum {string} */
            status: "queued" | "provisioning" | "ready" | "running" | "cancelling" | "finishing" | "ended";
            tasks: {
                [key: string]: components["schemas"]["TaskLive"];
            };
            total: components["schemas"]["Figures"];
        };
        Stage: {
            /** @description How long the line takes; 0 jumps. */
            duration: components["schemas"]["Duration"];
            /** @description Arrivals a second of the whole run at its end. */
            rate?: string;
            /**
             * Format: int64
             * @description Users of the whole run at its end.
             */
            total_users?: number;
            /**
             * Format: int64
             * @description Users in each task at its end.
             */
            users?: number;
        };
        StartPolicy: {
            /**
             * @description What to do when tasks cannot start, or are not ready in time. fail: the run fails before any load. without: it starts with those that are ready and is degraded; the others are stopped. join: the same, but late ones join when they are ready.
             * @default fail
             * @enum {string}
             */
            late_tasks: "fail" | "without" | "join";
            /** @description How long tasks may take to get ready, from when their regions are asked for them. Default: 10m. */
            within?: components["schemas"]["Duration"];
        };
        Stop: {
            /**
             * @description drain lets the requests in flight end; now cuts them off.
             * @default drain
             * @enum {string}
             */
            mode: "drain" | "now";
        };
        StoredFile: {
            sha256: string;
            /** Format: int64 */
            size: number;
        };
        Sweep: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            cleared?: number;
            errors?: string[] | null;
            orphans: components["schemas"]["Orphan"][] | null;
            region: string;
            /** Format: int64 */
            seen: number;
        };
        SweepList: {
            sweeps: components["schemas"]["Sweep"][];
        };
        TLS: {
            /** @description PEM file of certificate authorities to trust, instead of the system's. */
            ca?: string;
            /** @description PEM file of the client certificate. */
            certificate?: string;
            /** @description PEM file of the client certificate's key. */
            key?: string;
            /**
             * @description Newest TLS version.
             * @default 1.3
             * @enum {string}
             */
            max_version: "1.2" | "1.3";
            /**
             * @description Oldest TLS version.
             * @default 1.2
             * @enum {string}
             */
            min_version: "1.2" | "1.3";
            /**
             * @description Resume TLS sessions: a new connection to a known host skips the certificates.
             * @default false
             */
            resume: boolean;
            /** @description SNI and name checked, instead of the URL's host. */
            server_name?: string;
            /**
             * @description Check the certificate.
             * @default true
             */
            verify: boolean;
        };
        Task: {
            added?: boolean;
            /** Format: int64 */
            attempt?: number;
            /** Format: double */
            clock_offset_ms?: number;
            final: boolean;
            /** Format: int64 */
            index: number;
            instance?: string;
            joined?: components["schemas"]["Duration"];
            left?: components["schemas"]["Duration"];
            name: string;
            reason?: string;
            region: string;
            run: string;
            /** Format: int64 */
            samples_sent: number;
            /** Format: double */
            skew_ms?: number;
            /** @enum {string} */
            status: "planned" | "starting" | "ready" | "running" | "done" | "lost" | "failed";
            times?: components["schemas"]["TaskTimes"];
        };
        TaskFigures: {
            body_ms?: components["schemas"]["Latency"];
            /** Format: int64 */
            bytes_received: number;
            /** Format: int64 */
            bytes_sent: number;
            connect_ms?: components["schemas"]["Latency"];
            dns_ms?: components["schemas"]["Latency"];
            failure_causes: {
                [key: string]: number;
            };
            /** Format: int64 */
            failures: number;
            first_byte_ms?: components["schemas"]["Latency"];
            health?: components["schemas"]["TaskHealth"];
            /** Format: int64 */
            late?: number;
            latency_ms: components["schemas"]["Latency"];
            /** Format: int64 */
            offered?: number;
            /** Format: int64 */
            redirects?: number;
            /** Format: int64 */
            requests: number;
            /** Format: double */
            requests_per_second: number;
            schedule_lag_ms?: components["schemas"]["Latency"];
            service_ms?: components["schemas"]["Latency"];
            /** Format: int64 */
            started?: number;
            status_codes: {
                [key: string]: number;
            };
            task: components["schemas"]["Task"];
            tcp_ms?: components["schemas"]["Latency"];
            tls_ms?: components["schemas"]["Latency"];
        };
        TaskHealth: {
            /** Format: int64 */
            connections_max: number;
            /** Format: double */
            cpu_max: number;
            /** Format: double */
            cpu_mean: number;
            /** Format: double */
            cpu_wait_max: number;
            /** Format: double */
            cpu_wait_mean: number;
            /** Format: int64 */
            dropped: number;
            /** Format: double */
            gc_max: number;
            /** Format: double */
            gc_pause_max_ms: number;
            limited_by?: {
                [key: string]: number;
            };
            /** Format: double */
            loop_lag_max_ms: number;
            /** Format: int64 */
            no_descriptor: number;
            /** Format: int64 */
            no_local_port: number;
            /** Format: int64 */
            open_files_max: number;
            /** Format: int64 */
            rss_max: number;
            /** Format: int64 */
            seconds: number;
        };
        TaskList: {
            tasks: components["schemas"]["Task"][];
        };
        TaskLive: {
            /** Format: int64 */
            behind: number;
            /** Format: int64 */
            connections: number;
            /** Format: double */
            cpu: number;
            /** Format: double */
            cpu_wait: number;
            /** Format: int64 */
            failures: number;
            limited?: string;
            /** Format: int64 */
            limited_seconds: number;
            /** Format: double */
            loop_lag_ms: number;
            /** Format: double */
            p95: number;
            region: string;
            /** Format: int64 */
            requests: number;
            /** Format: double */
            requests_per_second: number;
            /** Format: int64 */
            rss: number;
            /** @enum {string} */
            status: "planned" | "starting" | "ready" | "running" | "done" | "lost" | "failed";
            /** Format: int64 */
            users: number;
        };
        TaskTimes: {
            /** Format: date-time */
            asked?: string;
            /** Format: date-time */
            hello?: string;
            /** Format: date-time */
            load?: string;
            /** Format: date-time */
            ready?: string;
            /** Format: date-time */
            up?: string;
        };
        Token: {
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            expires?: string;
            id: string;
            kind: string;
            label?: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "admin";
            /** Format: date-time */
            used?: string;
            user: string;
        };
        TokenList: {
            tokens: components["schemas"]["Token"][];
        };
        UploadedScript: {
            /** @description The engine that the files are for. */
            engine: string;
            /** @description All files that could be run, the likeliest first. */
            entries: string[];
            /** @description The file that would be run. */
            entry: string;
            /** @description What to write under script in a scenario. */
            name: string;
            sha256: string;
            /** Format: int64 */
            size: number;
        };
        User: {
            /** Format: date-time */
            created: string;
            name: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "admin";
        };
        UserBody: {
            /** @description Needed for a new user; for a known one it changes the password and ends their sessions. */
            password?: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "admin";
        };
        UserList: {
            users: components["schemas"]["User"][];
        };
        Version: {
            version: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "put-agent-artifact": {
        parameters: {
            query?: {
                /** @description The file's name within the task's artifacts. */
                name?: string;
            };
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        /** @description The file's bytes. */
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-agent-file": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-drivers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DriverList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "upload-file": {
        parameters: {
            query?: {
                /** @description The content's hash, if known: checked on arrival, and saves the server a copy. */
                sha256?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The file's bytes. */
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoredFile"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-file-facts": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoredFile"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "log-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "log-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-openapi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    plan: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Draft"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-regions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegionList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-region": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Region"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "put-region": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Region"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedRegion"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedRegion"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "delete-region": {
        parameters: {
            query?: {
                /** @description Remove it though runs use it. */
                force?: boolean;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-region-capacity": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegionCapacity"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-region-check": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegionCheck"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "start-region-check": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegionCheck"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-runs": {
        parameters: {
            query?: {
                /** @description Only runs of this scenario. */
                scenario?: string;
                /** @description Only runs with one of these statuses. */
                status?: ("queued" | "provisioning" | "ready" | "running" | "cancelling" | "finishing" | "ended")[] | null;
                /** @description The runs that prove this region, which lists leave out else. */
                check?: string;
                /** @description Only runs older than this one: the next page. */
                before?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "start-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunStart"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "delete-run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-events": {
        parameters: {
            query?: {
                /** @description Only events with a higher seq. */
                after?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "watch-run": {
        parameters: {
            query?: {
                /** @description Only events with a higher seq, instead of Last-Event-ID. */
                after?: number;
            };
            header?: {
                "Last-Event-ID"?: number;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        data: components["schemas"]["RunItem"];
                        /** @enum {string} */
                        event: "status";
                        id?: number;
                    } | {
                        data: components["schemas"]["Snapshot"];
                        /** @enum {string} */
                        event: "snapshot";
                        id?: number;
                    } | {
                        data: components["schemas"]["Event"];
                        /** @enum {string} */
                        event: "event";
                        id?: number;
                    } | {
                        data: components["schemas"]["RunItem"];
                        /** @enum {string} */
                        event: "end";
                        id?: number;
                    };
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "change-load": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoadChange"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Intent"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "pause-run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Intent"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-report": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Report"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "resume-run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Intent"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-series": {
        parameters: {
            query?: {
                /** @description Only this region. */
                region?: string;
                /** @description Only this request label. */
                label?: string;
                /** @description Only this task; not together with label. */
                task?: string;
                /** @description First second. */
                from?: number;
                /** @description Last second; 0 means the end. */
                to?: number;
                /** @description Most points wanted; steps are widened to fit. */
                points?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Series"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-series-file": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apache.parquet": string;
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "stop-run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Stop"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Intent"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-tasks": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-artifact": {
        parameters: {
            query?: {
                /** @description The file's name as the list has it. */
                name?: string;
            };
            header?: never;
            path: {
                id: string;
                task: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-task-log": {
        parameters: {
            query?: {
                /** @description Go on with what the task writes, until its end. */
                follow?: boolean;
            };
            header?: {
                "Last-Event-ID"?: number;
            };
            path: {
                id: string;
                task: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        data: components["schemas"]["LogPiece"];
                        /** @enum {string} */
                        event: "log" | "end";
                        id?: number;
                    };
                    "text/plain": string;
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-scenarios": {
        parameters: {
            query?: {
                /** @description Only with this tag. */
                tag?: string;
                /** @description Only those whose name holds this text. */
                search?: string;
                /** @description Only names after this one: the next page. */
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScenarioList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "check-scenario": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScenarioBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checked"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-scenario": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScenarioRecord"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "put-scenario": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScenarioBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedScenario"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedScenario"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "delete-scenario": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-scenario-schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "upload-script": {
        parameters: {
            query?: {
                /** @description Where the files do not tell. */
                engine?: "k6" | "jmeter" | "locust";
                /** @description The file that is run, where several could be. */
                entry?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The files. */
        requestBody: {
            content: {
                "multipart/form-data": {
                    file: string[];
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadedScript"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-sweeps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SweepList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    sweep: {
        parameters: {
            query?: {
                /** @description Only this region. */
                region?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SweepList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "create-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedToken"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "delete-token": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "list-users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "put-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserBody"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "delete-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
    "get-version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"];
                };
            };
            /** @description Fault */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Fault"];
                };
            };
        };
    };
}
