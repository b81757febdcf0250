# Starts the platform in WSL (Debian 12 or Ubuntu 24.04 and newer); Windows reaches it at the same addresses.
wsl --cd "$PSScriptRoot\..\.." -- scripts/posix/dev
exit $LASTEXITCODE
