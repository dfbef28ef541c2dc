"""Programs that run in the peers' own environment and use the official SDKs there. The product imports none of them."""
