// Package need skips a test that lacks something, unless the run requires it.
//
// HEADSTART_REQUIRE=all turns each skip into a failure, so that a green run has tested everything. What a machine cannot
// have is listed in HEADSTART_WAIVE with the reason: "peers=2 GB of other frameworks; network=CI has none". A waived test
// is skipped, and its log names the reason.
package need

import (
	"os"
	"strings"
	"testing"
)

// A Thing is what a test may lack.
type Thing string

// The things that tests of this project need beyond the Go toolchain.
const (
	Setup   Thing = "setup"   // what make setup installs: programs, Jupyter, XLA's plugin
	Wheel   Thing = "wheel"   // the built wheel and a folder of those that it depends on: make wheel-test
	Data    Thing = "data"    // the images and weights in shared/data, which are not in the repository
	Browser Thing = "browser" // Chromium and Node.js
	Builder Thing = "builder" // what builds images of Dockerfiles: buildah
	Peers   Thing = "peers"   // a Python with other frameworks or servers: HEADSTART_PEER_PYTHON, HEADSTART_PEERS_PYTHON, HEADSTART_SERVERS_PYTHON
	Grpcio  Thing = "grpcio"  // a Python with grpcio-tools: HEADSTART_PYTHON
	Network Thing = "network" // a package registry
	Advice  Thing = "advice"  // a database of known vulnerabilities
	Root    Thing = "root"    // root's rights, to mount file systems or to become another user
	User    Thing = "user"    // a user without root's rights
	Simd    Thing = "simd"    // a build with GOEXPERIMENT=simd
	System  Thing = "system"  // another operating system or processor
)

// Lack ends a test that cannot run because thing is missing; why says what exactly, and how to get it.
func Lack(t testing.TB, thing Thing, why string) {
	t.Helper()
	reason, waived := waivers(os.Getenv("HEADSTART_WAIVE"))[thing]
	switch {
	case waived:
		t.Skipf("needs %s: %s (waived: %s)", thing, why, reason)
	case os.Getenv("HEADSTART_REQUIRE") == "all":
		t.Fatalf("needs %s: %s; HEADSTART_REQUIRE=all allows no skip that HEADSTART_WAIVE does not name", thing, why)
	default:
		t.Skipf("needs %s: %s", thing, why)
	}
}

// Relay reports as a subtest what a test in another program has skipped. Its reason has to be of the form that Lack logs,
// "needs THING: WHY".
func Relay(t *testing.T, test, reason string) {
	t.Helper()
	thing, why, ok := lacked(reason)
	if !ok {
		t.Errorf("%s is skipped: %q is not of the form \"needs THING: WHY\"", test, reason)
		return
	}
	t.Run(test, func(t *testing.T) { Lack(t, thing, why) })
}

func lacked(reason string) (thing Thing, why string, ok bool) {
	text, ok := strings.CutPrefix(reason, "needs ")
	if !ok {
		return "", "", false
	}
	name, why, ok := strings.Cut(text, ": ")
	return Thing(name), why, ok && name != "" && !strings.Contains(name, " ")
}

// waivers reads "thing=reason; thing=reason". A waiver without a reason does not count.
func waivers(text string) map[Thing]string {
	list := map[Thing]string{}
	for entry := range strings.SplitSeq(text, ";") {
		thing, reason, _ := strings.Cut(strings.TrimSpace(entry), "=")
		if reason = strings.TrimSpace(reason); reason != "" {
			list[Thing(thing)] = reason
		}
	}
	return list
}
