# Stops the platform in WSL, and removes all that it keeps in this checkout, data included.
wsl --cd "$PSScriptRoot\..\.." -- scripts/posix/clean
exit $LASTEXITCODE
