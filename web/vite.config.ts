import { promisify } from "node:util";
import { gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// The Go handler serves <file>.gz as it is when it exists, so that nothing is
// compressed while a run is watched.
function gzipped(): Plugin {
  const squeeze = promisify(gzip);
  return {
    name: "onrush-gzip",
    apply: "build",
    async generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        const source = file.type === "chunk" ? file.code : file.source;
        if (!/\.(js|css|svg)$/.test(name) || source.length < 1024) continue;
        this.emitFile({ type: "asset", fileName: `${name}.gz`, source: await squeeze(source, { level: 9 }) });
      }
    },
  };
}

// ONRUSH_SERVER is the server that `npm run dev` talks to.
const server = process.env.ONRUSH_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), gzipped()],
  server: { host: "127.0.0.1", port: 5173, proxy: { "/api": { target: server, changeOrigin: true } } },
  build: {
    target: "es2023",
    sourcemap: false,
    reportCompressedSize: true,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // Libraries change rarely: their own chunk stays in the browser's cache over our releases.
        codeSplitting: {
          groups: [
            { name: "uplot", test: /node_modules[\\/]uplot/ },
            { name: "vendor", test: /node_modules/ },
          ],
        },
      },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
} as import("vitest/config").ViteUserConfig);
