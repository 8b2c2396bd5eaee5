// Loaded before a program that a test starts (node -r): it ends when the test's process does, however that dies.
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
