package headstart

// Version is the release that this tree becomes.
const Version = "0.1.0"
