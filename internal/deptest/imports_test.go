package deptest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A room is a folder of the module and what it may import. Patterns ending in
// "/..." stand for a package and those below it.
type room struct {
	name string
	// inside are the module's own packages, by their directory, that the room
	// may import. No room imports the root or a sibling of its own.
	inside []string
	// outside are the packages of other modules.
	outside []string
	// without are packages of the standard library that the room must do
	// without.
	without []string
}

// pure is what a state machine that owns neither clock nor goroutine has no use
// for. Of package net it may use ErrClosed (see TestCoresStartNothing).
var pure = []string{"time", "sync", "sync/atomic", "context", "os", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand"}

// rooms are the module's architecture: what stands nowhere here may not be
// imported. Above all, the rooms know nothing of each other but for signaling,
// which works on descriptions, and nothing below the root knows the root.
var rooms = []room{
	{
		name: ".",
		inside: []string{
			"signaling", "sdp", "ice", "transceiver", "transceiver/rtpheader", "transceiver/extension", "datachannel", "pkg/media",
			"internal/codec", "internal/udp", "internal/mux", "internal/demux", "internal/dtlstransport", "internal/srtptransport", "internal/sctptransport", "internal/rtcerr", "internal/enginelog",
		},
		outside: []string{
			"github.com/pion/dtls/v3/...",                                                        // types in signatures of SettingEngine
			"github.com/pion/sdp/v3",                                                             // SessionDescription.Unmarshal
			"github.com/pion/logging",                                                            // SettingEngine.LoggerFactory
			"github.com/pion/rtp/...", "github.com/pion/rtcp", "github.com/pion/interceptor/...", // media in the API
			"golang.org/x/net/...",
		},
	},
	{name: "signaling", inside: []string{"sdp", "internal/codec", "internal/rtcerr"}, without: pure},
	{name: "sdp", inside: []string{"internal/rtcerr"}, outside: []string{"github.com/pion/sdp/v3"}, without: pure},
	{
		name:   "ice",
		inside: []string{"internal/rtcerr", "internal/udp", "internal/mux"},
		outside: []string{
			"github.com/pion/stun/v4", "golang.org/x/net/...", "golang.org/x/text/unicode/norm",
			"github.com/pion/logging", // types in parameters of UDPMux and TCPMux
		},
	},
	{
		name:    "transceiver",
		inside:  []string{"internal/codec", "internal/rtcerr", "internal/srtptransport"},
		outside: []string{"github.com/pion/rtp/...", "github.com/pion/rtcp"},
	},
	{name: "datachannel", inside: []string{"internal/rtcerr", "internal/sctptransport"}},

	{name: "internal/rtcerr"},
	{name: "internal/codec", inside: []string{"internal/rtcerr"}, without: pure},
	{name: "internal/leaktest"},
	{name: "internal/enginelog", outside: []string{"github.com/pion/logging"}},
	{name: "internal/deptest"},
	{name: "internal/demux"},
	{name: "internal/netwatch", outside: []string{"golang.org/x/sys/..."}},
	{name: "internal/udp", inside: []string{"internal/netwatch"}, outside: []string{"golang.org/x/net/...", "golang.org/x/sys/..."}},
	{name: "internal/mux", inside: []string{"internal/udp"}},
	{name: "internal/turntest", inside: []string{"internal/udp"}, outside: []string{"github.com/pion/stun/v4"}}, // for tests
	{name: "internal/simnet", inside: []string{"internal/udp"}, outside: []string{"golang.org/x/net/..."}},
	{
		name:    "internal/dtlstransport",
		inside:  []string{"internal/rtcerr", "internal/enginelog"},
		outside: []string{"github.com/pion/dtls/v3/...", "golang.org/x/crypto/..."},
	},
	{
		name:    "internal/srtptransport",
		inside:  []string{"internal/rtcerr", "internal/enginelog"},
		outside: []string{"github.com/pion/srtp/v3"},
	},
	{
		name:    "internal/sctptransport",
		inside:  []string{"internal/rtcerr", "internal/enginelog"},
		outside: []string{"github.com/pion/sctp"},
	},

	{name: "pkg/rtcerr", inside: []string{"internal/rtcerr"}},
	{name: "pkg/media", outside: []string{"github.com/pion/rtp/..."}},
}

// forTests are the packages that every test may import beside its room's. The
// root's tests may import all of the module and every engine, to be a server
// for instance.
var forTests = []string{"internal/leaktest", "internal/simnet", "internal/turntest", "internal/udp", "internal/rtcerr"}

// roomOf finds the room of a package: its own, or the one above it.
func roomOf(pkg string) (room, bool) {
	for {
		if i := slices.IndexFunc(rooms, func(r room) bool { return r.name == pkg }); i >= 0 {
			return rooms[i], true
		}
		cut := strings.LastIndexByte(pkg, '/')
		if cut < 0 {
			return room{}, false
		}
		pkg = pkg[:cut]
	}
}

// forbidden returns why a package in the room r may not import path, or "".
func (r room) forbidden(pkg, path string, test bool) string {
	if inside, ok := strings.CutPrefix(path, modulePath); ok && (inside == "" || inside[0] == '/') {
		inside = strings.TrimPrefix(inside, "/")
		if inside == "" {
			inside = "."
		}
		switch {
		case inside == pkg || inside == r.name || r.name != "." && strings.HasPrefix(inside, r.name+"/"):
			return "" // its own package, from an external test, or one below it
		case slices.Contains(r.inside, inside):
			return ""
		case test && (r.name == "." || slices.Contains(forTests, inside)):
			return ""
		}
		return fmt.Sprintf("it may import of this module: %v", r.inside)
	}
	if !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
		if !test && slices.Contains(r.without, path) {
			return "the room is a pure state machine"
		}
		return ""
	}
	if matches(r.outside, path) || test && r.name == "." && slices.ContainsFunc(directRequires, func(m string) bool { return matches([]string{m + "/..."}, path) }) {
		return ""
	}
	return fmt.Sprintf("it may import of other modules: %v", r.outside)
}

func matches(patterns []string, path string) bool {
	for _, p := range patterns {
		if prefix, ok := strings.CutSuffix(p, "/..."); path == p || ok && (path == prefix || strings.HasPrefix(path, prefix+"/")) {
			return true
		}
	}
	return false
}

// TestImportsFollowTheArchitecture fails on any import that the table of rooms
// does not allow, in whatever platform's file it stands.
func TestImportsFollowTheArchitecture(t *testing.T) {
	_, all := files(t)
	for _, f := range all {
		if f.pkg == "" {
			continue
		}
		r, ok := roomOf(f.pkg)
		if !ok {
			t.Errorf("%s: package %s belongs to no room; say in the table what it may import", f.name, f.pkg)
			continue
		}
		for _, path := range f.imports() {
			if reason := r.forbidden(f.pkg, path, f.test); reason != "" {
				t.Errorf("%s imports %s: %s", f.name, path, reason)
			}
		}
	}
}

// TestForbiddenEdgesAreFound shows that the table forbids what it is for.
func TestForbiddenEdgesAreFound(t *testing.T) {
	for _, c := range []struct {
		pkg, path string
		test      bool
		allowed   bool
	}{
		{"ice", modulePath, false, false},
		{"ice", modulePath, true, false},
		{"ice", modulePath + "/sdp", false, false},
		{"ice", modulePath + "/internal/udp", false, true},
		{"ice", modulePath + "/internal/dtlstransport", false, false},
		{"ice", modulePath + "/internal/simnet", false, false},
		{"ice", modulePath + "/internal/simnet", true, true},
		{"ice", "github.com/pion/ice/v4", false, false},
		{"ice", "github.com/pion/stun/v4", false, true},
		{"ice", "time", false, true},
		{"signaling", modulePath + "/ice", false, false},
		{"signaling", modulePath + "/sdp", false, true},
		{"signaling", "time", false, false},
		{"signaling", "time", true, true},
		{"datachannel", "github.com/pion/sctp", false, false},
		{"internal/udp", modulePath + "/ice", false, false},
		{"internal/udp", modulePath + "/internal/simnet", false, false},
		{"pkg/rtcerr", modulePath, false, false},
		{".", "github.com/pion/webrtc/v4", false, false},
		{".", "github.com/pion/webrtc/v4", true, false},
		{".", "github.com/pion/stun/v4", false, false},
		{".", "github.com/pion/stun/v4", true, true},
		{".", modulePath + "/ice", false, true},
		{".", modulePath + "/internal/simnet", false, false},
		{".", modulePath + "/internal/simnet", true, true},
		{".", "github.com/pion/dtls/v3/pkg/protocol/handshake", false, true},
		{".", "github.com/pion/dtls/v33", false, false},
	} {
		r, ok := roomOf(c.pkg)
		if !ok {
			t.Fatalf("no room for %s", c.pkg)
		}
		reason := r.forbidden(c.pkg, c.path, c.test)
		if (reason == "") != c.allowed {
			t.Errorf("%s imports %s (test: %v): %q, want allowed %v", c.pkg, c.path, c.test, reason, c.allowed)
		}
	}
}
