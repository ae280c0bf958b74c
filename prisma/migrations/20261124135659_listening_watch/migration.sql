-- CreateTable
CREATE TABLE "watch" (
    "listener" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "watch_pkey" PRIMARY KEY ("listener")
);

-- The api says that it listens, the worker reads since when.
GRANT SELECT ON watch TO sumveil_api, sumveil_worker;
GRANT INSERT, UPDATE ON watch TO sumveil_api;
