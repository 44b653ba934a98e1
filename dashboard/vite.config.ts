import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative addresses: the dashboard works from any folder of a site.
  base: "./",
  build: {
    // Nothing is inlined: the content security policy allows neither inline scripts nor styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    sourcemap: false,
    cssCodeSplit: false,
  },
  server: {
    // `npm run dev` takes the data and the API from a running `smelt serve`.
    proxy: {
      "/published": process.env.SMELT_SERVE ?? "http://127.0.0.1:8360",
      "/v1": process.env.SMELT_SERVE ?? "http://127.0.0.1:8360",
    },
  },
  test: {
    include: ["tests/unit/**/*.test.ts"],
    environment: "node",
  },
});
