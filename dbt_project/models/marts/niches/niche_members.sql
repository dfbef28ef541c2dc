select month, platform, account_key, niche_id, membership_strength, bootstrap_jaccard, unassigned_reason, method_version, params_hash
from {{ derived_rows('niche_assignments') }}
