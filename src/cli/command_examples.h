// The examples at the end of each command's help.
#pragma once

namespace pgkeep::cli {

inline constexpr char kExamples[] =
    "Examples:\n"
    "  pgkeep init --repository file:///srv/backups --source 'app=host=db.example user=pgkeep'\n"
    "  pgkeep check                              is everything there that a backup needs?\n"
    "  pgkeep backup app                         one backup now\n"
    "  pgkeep list                               what is in the repository\n"
    "  pgkeep restore latest --source-database app --database 'dbname=app_copy' --create\n"
    "  pgkeep history                            what was done, and how it went\n"
    "  pgkeep verify --data 5                    is it whole? reads 5 % of the packs\n"
    "  pgkeep expire 3fa91c04 && pgkeep gc       let a backup go\n"
    "  pgkeep COMMAND --help                     more examples\n"
    "\n"
    "Without a configuration, from an empty machine:\n"
    "  pgkeep list --repository file:///mnt/backups --key-file pgkeep-recovery-kit.txt\n"
    "\n"
    "The configuration is --config, $PGKEEP_CONFIG, ./pgkeep.toml or /etc/pgkeep/pgkeep.toml.\n"
    "Locks and copies that may be lost are in $PGKEEP_STATE_DIR, or else in /var/lib/pgkeep "
    "(root)\n"
    "or ~/.local/state/pgkeep.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused by a safety check,\n"
    "4 partly done (some databases failed), 75 busy, try again, 130 interrupted.";

inline constexpr char kInitExamples[] =
    "Examples:\n"
    "  pgkeep init --repository file:///srv/backups\n"
    "      writes pgkeep.toml, pgkeep.key and pgkeep-recovery-kit.txt into this directory\n"
    "  pgkeep init --repository file:///srv/backups --source 'app=host=db.example user=pgkeep'\n"
    "      names a server too; its password stays in ~/.pgpass\n"
    "  pgkeep init --repository file:///srv/backups --config /etc/pgkeep/pgkeep.toml\n"
    "      writes all three into /etc/pgkeep\n"
    "  pgkeep init --repository file:///srv/backups --split\n"
    "      two keys: this machine can write backups, but only the full key reads them\n"
    "  pgkeep init --repository file:///srv/backups --passphrase-file /root/passphrase\n"
    "      no key file: the keys lie in the repository behind a passphrase\n"
    "  pgkeep init --attach --repository file:///srv/backups --key-file pgkeep-recovery-kit.txt\n"
    "      a configuration for a repository that is there";

inline constexpr char kListExamples[] =
    "Examples:\n"
    "  pgkeep list            all backups, newest first\n"
    "  pgkeep list app        those of the source app\n"
    "  pgkeep list --json     for programs";

inline constexpr char kShowExamples[] =
    "Examples:\n"
    "  pgkeep show latest\n"
    "  pgkeep show 3fa91c04   the beginning of an id is enough\n"
    "  pgkeep show latest --tables";

inline constexpr char kVerifyExamples[] =
    "Examples:\n"
    "  pgkeep verify                       everything that backups name is there and agrees\n"
    "  pgkeep verify --data 100            and every byte can be opened\n"
    "  pgkeep verify --data 5 --seed 7     a sample of 5 %, the same one each time\n"
    "  pgkeep verify latest --data 100     one backup only\n"
    "Exit status 0 only if nothing is damaged. Reading data needs the full key.";

inline constexpr char kExpireExamples[] =
    "Examples:\n"
    "  pgkeep expire 3fa91c04 --dry-run    says what would happen\n"
    "  pgkeep expire 3fa91c04 81d2 --reason 'older than a year'\n"
    "Nothing is deleted before 'pgkeep gc'. The newest complete backup of a source needs --force.";

inline constexpr char kGcExamples[] =
    "Examples:\n"
    "  pgkeep gc --dry-run                 what is not needed any more\n"
    "  pgkeep gc                           plans deletions, and deletes what an earlier run "
    "planned\n"
    "  pgkeep gc --abort-writer 3fa91c04   gives up a backup that was cut off\n"
    "  pgkeep gc --expired-for 7d          a week to notice an expiry that should not be\n"
    "Safe beside running backups; stops at the first doubt without deleting.";

inline constexpr char kKeyExamples[] =
    "Examples:\n"
    "  pgkeep key list\n"
    "  pgkeep key add --passphrase-file /root/passphrase --label office\n"
    "  pgkeep key remove 0c1d2e3f\n"
    "  pgkeep key rotate";

inline constexpr char kKeyAddExamples[] =
    "Example:\n"
    "  pgkeep key add --passphrase-file /root/passphrase --label office\n"
    "Whoever has the passphrase can then open the repository without a key file. A passphrase "
    "that\n"
    "unlocks the key file used here comes before the command: pgkeep --passphrase-file F key add "
    "...";

inline constexpr char kKeyRotateExamples[] =
    "Examples:\n"
    "  pgkeep key rotate\n"
    "  pgkeep key rotate --passphrase-file office.txt --passphrase-file safe.txt\n"
    "  pgkeep key rotate --signing-key     after a host was stolen or given up\n"
    "Writes a new data key into the key file, and a new recovery kit. Old backups stay readable\n"
    "with the new files. Key slots need their passphrases.";

inline constexpr char kCheckExamples[] =
    "Examples:\n"
    "  pgkeep check           all sources, the repository, the catalog\n"
    "  pgkeep check app       only the source app\n"
    "  pgkeep check --quiet   only what is not well\n"
    "Each line that is not well says what mends it. Exit status 1 if something forbids a backup.";

inline constexpr char kBackupExamples[] =
    "Examples:\n"
    "  pgkeep backup app                       all databases of the source app\n"
    "  pgkeep backup app --database shop --label 'before the release'\n"
    "  pgkeep backup app --full                compares with no earlier backup, stores all again\n"
    "  id=$(pgkeep backup app --json | jq -r .backup.id)\n"
    "Every backup is a full one; what has not changed is not stored twice. Each database is read "
    "in\n"
    "a snapshot of its own. Exit status 4 if some databases failed: the others are safe. Ctrl-C "
    "stops\n"
    "cleanly, and then nothing of it can be restored.";

inline constexpr char kHistoryExamples[] =
    "Examples:\n"
    "  pgkeep history                             the newest 20 jobs\n"
    "  pgkeep history app --kind backup --limit 100\n"
    "  pgkeep history --status failed --status interrupted\n"
    "  pgkeep history --kind gc --kind expire     what was let go, and what that freed\n"
    "  pgkeep history --json                      with phases of failure, hints and figures\n"
    "Kinds: backup, restore, export, verify, expire, gc, test. Status: queued, running, "
    "succeeded,\n"
    "failed, cancelled, interrupted, partial. verify, expire and gc concern the whole repository "
    "and\n"
    "have no source. Dry runs, and runs without a configuration, are not recorded.";

inline constexpr char kRestoreExamples[] =
    "Examples:\n"
    "  pgkeep restore latest --source-database app --database 'dbname=app_copy' --create\n"
    "      the newest backup of the database app, into a new one\n"
    "  pgkeep restore latest --source-database app --database 'dbname=app' --clean --dry-run\n"
    "      what would happen if app was dropped and made again; nothing is changed\n"
    "  pgkeep restore latest --source-database app --database 'dbname=app' --table "
    "public.orders\n"
    "      one table that was dropped, with its indexes, constraints and grants\n"
    "  pgkeep restore latest --source-database app --database 'dbname=app' --table "
    "public.orders \\\n"
    "      --into-schema rescued\n"
    "      the same beside the one that is there\n"
    "  pgkeep restore --at 'yesterday 14:00' --source app --source-database app \\\n"
    "      --database 'host=test.example dbname=app' --create --no-owner\n"
    "      the newest backup before that moment, on another server\n"
    "The plan comes first. A database that is not empty is refused without --clean. Names are "
    "written\n"
    "as in SQL: '\"My Schema\".\"Orders\"'. Times: 2026-11-22T14:00:00Z, now, -2h, 'yesterday "
    "14:00'.";

inline constexpr char kExportExamples[] =
    "Examples:\n"
    "  pgkeep export latest --database app --output app.dir && pg_restore -j 4 -d copy app.dir\n"
    "  pgkeep export 3fa91c04 --database app --output app.dump --format custom\n"
    "  pgkeep export latest --database app --output app.sql --format plain\n"
    "  pgkeep export latest --database app --output roles.sql --format globals\n"
    "  pgkeep export latest --database app --to-repository\n"
    "What comes out is what pg_dump writes: any pg_restore reads it, without pgkeep.";

inline constexpr char kStorageExamples[] =
    "Examples:\n"
    "  pgkeep storage probe\n"
    "  pgkeep storage lifecycle show\n"
    "  pgkeep storage lifecycle apply\n"
    "  pgkeep storage policy host > host.json\n"
    "  pgkeep storage lock\n"
    "  pgkeep storage exclusive\n"
    "  pgkeep storage cost";

inline constexpr char kStorageLockExamples[] =
    "Examples:\n"
    "  pgkeep storage lock --dry-run\n"
    "  pgkeep storage lock                       once a day, as the maintenance role\n"
    "For buckets with Object Lock. What a backup that has not expired needs is locked for "
    "lock_days\n"
    "from now on; new objects are locked by the bucket's own default. Needs no keys.";

inline constexpr char kStorageExclusiveExamples[] =
    "Example:\n"
    "  pgkeep storage exclusive\n"
    "For a repository whose bucket has begun to keep versions, where the provider then ignores\n"
    "If-None-Match (pgkeep storage probe tells). Needs the full key. Before it, end every pgkeep "
    "that\n"
    "was started before the bucket kept versions: such a one does not know that it is not alone.\n"
    "There is no way back.";

inline constexpr char kStorageCostExamples[] =
    "Examples:\n"
    "  pgkeep storage cost\n"
    "  pgkeep storage cost --json | jq .cost.total_month\n"
    "Lists every object once: a request for each thousand. Prices and budget are those of "
    "[prices]\n"
    "in the configuration, else list prices of Amazon S3 and 100 USD.";

inline constexpr char kStoragePolicyExamples[] =
    "Examples:\n"
    "  pgkeep storage policy host > host.json && aws iam put-user-policy --user-name pgkeep-host "
    "\\\n"
    "      --policy-name pgkeep --policy-document file://host.json\n"
    "  pgkeep storage policy bucket > bucket.json && aws s3api put-bucket-policy --bucket backups "
    "\\\n"
    "      --policy file://bucket.json\n"
    "host writes backups and can neither read nor destroy them, restore reads, maintenance runs\n"
    "expire and gc; bucket denies overwriting and the deletion of versions to everybody. Nothing\n"
    "is asked of the server, and nothing is changed there.";

inline constexpr char kStorageLifecycleExamples[] =
    "Examples:\n"
    "  pgkeep storage lifecycle show             what the bucket has, and what it should have\n"
    "  pgkeep storage lifecycle apply\n"
    "  pgkeep storage lifecycle show --repository s3://bucket/prefix --json\n"
    "Uploads that were cut off end, older versions of packs go after undo_days, exports go after "
    "30\n"
    "days, and with transition_class packs move there after transition_days. Rules of others stay "
    "as\n"
    "they are; while one of them would delete live objects, apply changes nothing (exit status 3).";

inline constexpr char kConfigExamples[] =
    "Examples:\n"
    "  pgkeep config check\n"
    "  pgkeep config show --config /etc/pgkeep/pgkeep.toml";

inline constexpr char kConfigCheckExamples[] =
    "Example:\n"
    "  pgkeep config check\n"
    "Reads the file only; 'pgkeep check' looks at what it names.";

inline constexpr char kConfigShowExamples[] =
    "Example:\n"
    "  pgkeep config show\n"
    "Every setting with its value, also where that is the default; never a password.";

inline constexpr char kStorageProbeExamples[] =
    "Examples:\n"
    "  pgkeep storage probe          tries it out with small objects, and keeps the report\n"
    "  pgkeep storage probe --last   the newest report that was kept\n"
    "Run it once a year, and when the provider has changed something.";

}  // namespace pgkeep::cli
