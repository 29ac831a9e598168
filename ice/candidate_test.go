package ice

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// browserCandidates are lines as real peers write them.
var browserCandidates = []string{
	// Chrome
	"candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport 53832 generation 0 ufrag EEtu network-id 3 network-cost 10",
	"candidate:2130406062 1 udp 2113937151 0f4e1a0c-7a4b-4b0c-93b2-5a1b7e5a2f43.local 60011 typ host generation 0 ufrag bHhS network-cost 999",
	"candidate:1052353102 1 tcp 1518280447 192.168.1.5 9 typ host tcptype active generation 0 ufrag 4Dbe network-id 1",
	"candidate:3471623853 1 udp 41885439 198.51.100.3 54321 typ relay raddr 203.0.113.7 rport 46154 generation 0 ufrag EEtu network-id 1 network-cost 50",
	"candidate:750991856 1 udp 2122063615 2001:db8::a 50001 typ host generation 0 ufrag x/+1 network-id 2 network-cost 10",
	// Firefox
	"candidate:0 1 UDP 2122252543 192.168.1.5 50000 typ host",
	"candidate:1 1 TCP 2105524479 192.168.1.5 9 typ host tcptype active",
	"candidate:2 1 UDP 1686052863 203.0.113.9 50000 typ srflx raddr 0.0.0.0 rport 0",
	"candidate:3 2 UDP 92086014 198.51.100.3 60000 typ relay raddr 198.51.100.3 rport 60000",
	// Safari
	"candidate:1966762133 1 udp 2122260223 192.168.0.10 57423 typ host generation 0 ufrag kVVt network-id 1 network-cost 10",
	// pion
	"3359356140 1 udp 2130706431 172.28.142.173 7686 typ host",
	// as an SDP attribute
	"a=candidate:1 1 udp 1 ::1 1 typ host\r\n",
}

func TestUnmarshalCandidateReadsBrowsers(t *testing.T) {
	for _, line := range browserCandidates {
		c, err := UnmarshalCandidate(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		// What is written back has every field of what was read, in its order.
		want := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "a="), "candidate:")
		want = strings.NewReplacer("UDP", "udp", "TCP", "tcp").Replace(want)
		if got := c.Marshal(); got != want {
			t.Errorf("%s: marshals to %s", line, got)
		}
	}
}

func TestUnmarshalCandidateFields(t *testing.T) {
	c, err := UnmarshalCandidate(browserCandidates[0])
	if err != nil {
		t.Fatal(err)
	}
	related := c.RelatedAddress()
	if c.Foundation() != "842163049" || c.Component() != ComponentRTP || c.NetworkType() != NetworkTypeUDP4 ||
		c.Priority() != 1677729535 || c.Address() != "203.0.113.7" || c.Port() != 46154 ||
		c.Type() != CandidateTypeServerReflexive || c.TCPType() != TCPTypeUnspecified ||
		related == nil || *related != (CandidateRelatedAddress{"10.0.0.17", 53832}) {
		t.Errorf("fields of %s: %#v", browserCandidates[0], c)
	}
	if c.Addr() != netip.MustParseAddrPort("203.0.113.7:46154") {
		t.Errorf("Addr is %v", c.Addr())
	}
	generation, ok1 := c.Generation()
	id, ok2 := c.NetworkID()
	cost, ok3 := c.NetworkCost()
	if c.Ufrag() != "EEtu" || !ok1 || generation != 0 || !ok2 || id != 3 || !ok3 || cost != 10 {
		t.Errorf("extensions: ufrag %q generation %d network-id %d network-cost %d", c.Ufrag(), generation, id, cost)
	}
	if _, ok := c.number("ufrag"); ok {
		t.Error("a ufrag was read as a number")
	}
}

func TestUnmarshalCandidateOfAName(t *testing.T) {
	c, err := UnmarshalCandidate(browserCandidates[1])
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr().IsValid() || !c.IsMulticastDNS() || c.Port() != 60011 {
		t.Fatalf("%v: Addr %v, IsMulticastDNS %v, port %d", c, c.Addr(), c.IsMulticastDNS(), c.Port())
	}
	r := c.WithAddr(netip.MustParseAddrPort("[2001:db8::1]:60011"))
	if r.Addr().String() != "[2001:db8::1]:60011" || r.Address() != c.Address() || r.NetworkType() != NetworkTypeUDP6 || r.ID() != c.ID() {
		t.Errorf("resolved: %v, ID %s, was %s", r, r.ID(), c.ID())
	}
	if c.Addr().IsValid() {
		t.Error("the original changed")
	}
	// A fully qualified name outside .local is read, and not asked for by
	// multicast.
	f, err := UnmarshalCandidate("1 1 udp 1 host.example.com 1 typ host")
	if err != nil || f.IsMulticastDNS() {
		t.Errorf("host.example.com: %v, multicast %v", err, f.IsMulticastDNS())
	}
}

func TestUnmarshalCandidateIsLiberal(t *testing.T) {
	for line, want := range map[string]string{
		"CANDIDATE:1 1 UDP 1 10.0.0.1 1 TYP HOST":                                  "1 1 udp 1 10.0.0.1 1 typ host",
		"  candidate:1  1 udp  1 10.0.0.1 1 typ host ":                             "1 1 udp 1 10.0.0.1 1 typ host",
		"1 256 udp 4294967295 10.0.0.1 0 typ host":                                 "1 256 udp 4294967295 10.0.0.1 0 typ host",
		"1 1 udp 1 fe80::1%eth0 1 typ host":                                        "1 1 udp 1 fe80::1 1 typ host",
		"1 1 udp 1 2001:DB8:0:0::1 1 typ host":                                     "1 1 udp 1 2001:db8::1 1 typ host",
		"1 1 udp 1 ::ffff:10.0.0.1 1 typ host":                                     "1 1 udp 1 10.0.0.1 1 typ host",
		"1 1 tcp 1 10.0.0.1 9 typ host tcptype ACTIVE":                             "1 1 tcp 1 10.0.0.1 9 typ host tcptype active",
		"1 1 tcp 1 10.0.0.1 9 typ host generation 1 tcptype so":                    "1 1 tcp 1 10.0.0.1 9 typ host tcptype so generation 1",
		"1 1 udp 1 10.0.0.1 9 typ host tcptype active":                             "1 1 udp 1 10.0.0.1 9 typ host",
		"1 1 udp 1 10.0.0.1 9 typ host foo bar":                                    "1 1 udp 1 10.0.0.1 9 typ host foo bar",
		"1 1 udp 1 10.0.0.1 9 typ host ufrag  network-id 1":                        "1 1 udp 1 10.0.0.1 9 typ host ufrag  network-id 1",
		"1 1 udp 1 10.0.0.1 9 typ srflx raddr 10.0.0.2":                            "1 1 udp 1 10.0.0.1 9 typ srflx raddr 10.0.0.2 rport 0",
		"1 1 udp 1 10.0.0.1 9 typ srflx rport 7 x y":                               "1 1 udp 1 10.0.0.1 9 typ srflx x y",
		"1 1 udp 1 10.0.0.1 9 typ srflx raddr hidden.local rport 9":                "1 1 udp 1 10.0.0.1 9 typ srflx raddr hidden.local rport 9",
		strings.Repeat("a", 32) + " 1 udp 1 10.0.0.1 9 typ host":                   strings.Repeat("a", 32) + " 1 udp 1 10.0.0.1 9 typ host",
		"1 1 udp 1 a_b.local. 9 typ host":                                          "1 1 udp 1 a_b.local. 9 typ host",
		"1 1 udp 1 10.0.0.1 9 typ host " + strings.Repeat("k v ", maxExtensions-1): "1 1 udp 1 10.0.0.1 9 typ host " + strings.TrimSpace(strings.Repeat("k v ", maxExtensions-1)),
	} {
		c, err := UnmarshalCandidate(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
		} else if got := c.Marshal(); got != want {
			t.Errorf("%q marshals to\n  %q, want\n  %q", line, got, want)
		}
	}
}

func TestUnmarshalCandidateErrors(t *testing.T) {
	for _, test := range []struct{ line, field string }{
		{"", "foundation"},
		{"candidate:", "foundation"},
		{"1", "component-id"},
		{"1 1 udp 1 10.0.0.1 1", "typ"},
		{"1 1 udp 1 10.0.0.1 1 typ", "cand-type"},
		{"1_ 1 udp 1 10.0.0.1 1 typ host", "foundation"},
		{strings.Repeat("a", 33) + " 1 udp 1 10.0.0.1 1 typ host", "foundation"},
		{"1 0 udp 1 10.0.0.1 1 typ host", "component-id"},
		{"1 257 udp 1 10.0.0.1 1 typ host", "component-id"},
		{"1 -1 udp 1 10.0.0.1 1 typ host", "component-id"},
		{"1 +1 udp 1 10.0.0.1 1 typ host", "component-id"},
		{"1 1 udp 0 10.0.0.1 1 typ host", "priority"},
		{"1 1 udp 4294967296 10.0.0.1 1 typ host", "priority"},
		{"1 1 udp 00000000001 10.0.0.1 1 typ host", "priority"},
		{"1 1 udp 1 10.0.0.256 1 typ host", "connection-address"},
		{"1 1 udp 1 10.0.0 1 typ host", "connection-address"},
		{"1 1 udp 1 1234 1 typ host", "connection-address"},
		{"1 1 udp 1 :::1 1 typ host", "connection-address"},
		{"1 1 udp 1 a..local 1 typ host", "connection-address"},
		{"1 1 udp 1 -a.local 1 typ host", "connection-address"},
		{"1 1 udp 1 " + strings.Repeat("a", 64) + ".local 1 typ host", "connection-address"},
		{"1 1 udp 1 " + strings.Repeat("a.", 130) + "local 1 typ host", "connection-address"},
		{"1 1 udp 1 10.0.0.1 65536 typ host", "port"},
		{"1 1 udp 1 10.0.0.1 x typ host", "port"},
		{"1 1 udp 1 10.0.0.1 1 type host", "typ"},
		{"1 1 u(p 1 10.0.0.1 1 typ host", "transport"},
		{"1 1 udp 1 10.0.0.1 1 typ ho@st", "cand-type"},
		{"1 1 udp 1 10.0.0.1 1 typ srflx raddr", "raddr"},
		{"1 1 udp 1 10.0.0.1 1 typ srflx raddr 1 rport 1", "raddr"},
		{"1 1 udp 1 10.0.0.1 1 typ srflx raddr 10.0.0.1 rport 65536", "rport"},
		{"1 1 tcp 1 10.0.0.1 1 typ host tcptype none", "tcptype"},
		{"1 1 udp 1 10.0.0.1 1 typ host a=b c", "extension name"},
		{"1 1 udp 1 10.0.0.1 1 typ host a b\x00", "extension a"},
		{"1 1 udp 1 10.0.0.1 1 typ host a \u00e9", "extension a"},
		{"1 1 udp 1 10.0.0.1 1 typ host a " + strings.Repeat("v", maxExtensionLength+1), "extension a"},
		{"1 1 udp 1 10.0.0.1 1 typ host" + strings.Repeat(" a b", maxExtensions+1), "extension"},
		{strings.Repeat("1", maxCandidateLength+1), "candidate"},
	} {
		c, err := UnmarshalCandidate(test.line)
		var syntax *rtcerr.SyntaxError
		var field *CandidateFieldError
		if !errors.As(err, &syntax) || !errors.As(err, &field) || field.Field != test.field {
			t.Errorf("%q: %v, want a SyntaxError of %s", test.line, err, test.field)
		}
		if field != nil && len(field.Value) > 64 {
			t.Errorf("%q: the error keeps %d bytes of it", test.line, len(field.Value))
		}
		if !c.IsZero() {
			t.Errorf("%q: an error and a candidate", test.line)
		}
	}
}

// RFC 8839 §5.1: candidates of transports and types that are not known are to
// be ignored, so they must not look like broken ones.
func TestUnmarshalCandidateUnsupported(t *testing.T) {
	for _, line := range []string{
		"1 1 ssltcp 1 10.0.0.1 1 typ host",
		"1 1 udp 1 10.0.0.1 1 typ future",
	} {
		_, err := UnmarshalCandidate(line)
		var unsupported *rtcerr.NotSupportedError
		var syntax *rtcerr.SyntaxError
		if !errors.As(err, &unsupported) || errors.As(err, &syntax) {
			t.Errorf("%q: %v, want a NotSupportedError alone", line, err)
		}
	}
}

func TestNewCandidates(t *testing.T) {
	must := func(c Candidate, err error) Candidate {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	host := must(NewCandidateHost(&CandidateHostConfig{Network: "udp", Address: "10.0.0.1", Port: 1}))
	srflx := must(NewCandidateServerReflexive(&CandidateServerReflexiveConfig{Network: "udp", Address: "203.0.113.1", Port: 2, RelAddr: "10.0.0.1", RelPort: 1}))
	prflx := must(NewCandidatePeerReflexive(&CandidatePeerReflexiveConfig{Network: "udp4", Address: "203.0.113.1", Port: 3}))
	relay := must(NewCandidateRelay(&CandidateRelayConfig{Network: "udp", Address: "2001:db8::1", Port: 4, RelAddr: "10.0.0.1", RelPort: 1, RelayProtocol: "tls"}))
	tcp := must(NewCandidateHost(&CandidateHostConfig{Network: "tcp", Address: "10.0.0.1", Port: 9, TCPType: TCPTypeActive}))
	for _, test := range []struct {
		c        Candidate
		typ      CandidateType
		network  NetworkType
		priority uint32
	}{
		// RFC 8445 §5.1.2.1 with the preferences of §5.1.2.2.
		{host, CandidateTypeHost, NetworkTypeUDP4, 126<<24 | 65535<<8 | 255},
		{srflx, CandidateTypeServerReflexive, NetworkTypeUDP4, 100<<24 | 65535<<8 | 255},
		{prflx, CandidateTypePeerReflexive, NetworkTypeUDP4, 110<<24 | 65535<<8 | 255},
		{relay, CandidateTypeRelay, NetworkTypeUDP6, 65535<<8 | 255},
		{tcp, CandidateTypeHost, NetworkTypeTCP4, 99<<24 | (6<<13|8191)<<8 | 255},
	} {
		if test.c.Type() != test.typ || test.c.NetworkType() != test.network || test.c.Priority() != test.priority || test.c.Component() != 1 {
			t.Errorf("%v: type %v, network %v, priority %#x, want %v, %v, %#x", test.c, test.c.Type(), test.c.NetworkType(), test.c.Priority(), test.typ, test.network, test.priority)
		}
		again, err := UnmarshalCandidate(test.c.Marshal())
		if err != nil || !again.DeepEqual(test.c) || again.Foundation() != test.c.Foundation() || again.ID() != test.c.ID() {
			t.Errorf("%v comes back as %v: %v", test.c.Marshal(), again.Marshal(), err)
		}
	}
	if relay.RelayProtocol() != "tls" || host.RelatedAddress() != nil {
		t.Error("relay protocol or related address")
	}
	if host.Foundation() == tcp.Foundation() || host.Foundation() == srflx.Foundation() {
		t.Error("foundations do not tell protocols and types apart (RFC 8445 §5.1.1.3)")
	}
	other := must(NewCandidateHost(&CandidateHostConfig{Network: "udp", Address: "10.0.0.1", Port: 99, Foundation: ""}))
	if other.Foundation() != host.Foundation() {
		t.Error("the port is part of the foundation")
	}
	if host.ID() == srflx.ID() || host.ID() == other.ID() {
		t.Error("IDs of different candidates are equal")
	}
}

func TestNewCandidateErrors(t *testing.T) {
	for _, test := range []struct {
		config CandidateHostConfig
		field  string
	}{
		{CandidateHostConfig{Network: "sctp", Address: "10.0.0.1"}, "transport"},
		{CandidateHostConfig{Network: "udp46", Address: "10.0.0.1"}, "transport"},
		{CandidateHostConfig{Network: "udp"}, "connection-address"},
		{CandidateHostConfig{Network: "udp", Address: "10.0.0.1", Port: 65536}, "port"},
		{CandidateHostConfig{Network: "udp", Address: "10.0.0.1", Port: -1}, "port"},
		{CandidateHostConfig{Network: "udp", Address: "10.0.0.1", Component: 257}, "component-id"},
		{CandidateHostConfig{Network: "udp", Address: "10.0.0.1", Foundation: "a b"}, "foundation"},
	} {
		_, err := NewCandidateHost(&test.config)
		var field *CandidateFieldError
		if !errors.As(err, &field) || field.Field != test.field {
			t.Errorf("%+v: %v, want an error of %s", test.config, err, test.field)
		}
	}
	_, err := NewCandidateRelay(&CandidateRelayConfig{Network: "udp", Address: "10.0.0.1", RelAddr: "10.0.0.1", RelPort: 70000})
	if err == nil {
		t.Error("rport 70000 was taken")
	}
}

func TestCandidateIsAValue(t *testing.T) {
	c, err := UnmarshalCandidate(browserCandidates[0])
	if err != nil {
		t.Fatal(err)
	}
	before := c.Marshal()
	d := c
	if err := d.AddExtension(CandidateExtension{"ufrag", "other"}); err != nil {
		t.Fatal(err)
	}
	if err := d.AddExtension(CandidateExtension{"new", "1"}); err != nil {
		t.Fatal(err)
	}
	if !d.RemoveExtension("generation") || d.RemoveExtension("generation") {
		t.Error("RemoveExtension")
	}
	d.SetComponent(2)
	d = d.WithPriority(0).WithUfrag("third")
	if c.Marshal() != before {
		t.Errorf("changing a copy changed the original to %s", c.Marshal())
	}
	want := "842163049 2 udp 1 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport 53832 ufrag third network-id 3 network-cost 10 new 1"
	if d.Marshal() != want {
		t.Errorf("changed copy: %s", d.Marshal())
	}
	if d.WithUfrag("").Ufrag() != "" || d.WithUfrag("a b").Ufrag() != "third" {
		t.Error("WithUfrag")
	}
	if err := d.AddExtension(CandidateExtension{"tcptype", "active"}); err == nil {
		t.Error("a UDP candidate took a tcptype")
	}
	if err := d.AddExtension(CandidateExtension{"a b", ""}); err == nil {
		t.Error("a name with a space was taken")
	}
	if list := c.Extensions(); len(list) != 4 || list[0].Key != "generation" {
		t.Errorf("Extensions: %v", list)
	}
	if c.WithComponent(7).Component() != 7 {
		t.Error("WithComponent")
	}
}

func TestCandidateEqual(t *testing.T) {
	parse := func(line string) Candidate {
		c, err := UnmarshalCandidate(line)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a := parse("1 1 udp 5 10.0.0.1 9 typ srflx raddr 10.0.0.2 rport 1 x y")
	if b := parse("2 1 udp 6 10.0.0.1 9 typ srflx raddr 10.0.0.2 rport 1"); !a.Equal(b) || a.DeepEqual(b) || !a.DeepEqual(a) {
		t.Error("foundation, priority and extensions count for Equal, or not for DeepEqual")
	}
	for _, line := range []string{
		"1 2 udp 5 10.0.0.1 9 typ srflx raddr 10.0.0.2 rport 1",
		"1 1 tcp 5 10.0.0.1 9 typ srflx raddr 10.0.0.2 rport 1",
		"1 1 udp 5 10.0.0.3 9 typ srflx raddr 10.0.0.2 rport 1",
		"1 1 udp 5 10.0.0.1 8 typ srflx raddr 10.0.0.2 rport 1",
		"1 1 udp 5 10.0.0.1 9 typ prflx raddr 10.0.0.2 rport 1",
		"1 1 udp 5 10.0.0.1 9 typ srflx raddr 10.0.0.2 rport 2",
		"1 1 udp 5 10.0.0.1 9 typ srflx",
	} {
		if a.Equal(parse(line)) {
			t.Errorf("%s equals %s", line, a.Marshal())
		}
	}
	var none *CandidateRelatedAddress
	if !none.Equal(nil) || none.Equal(a.RelatedAddress()) || none.String() != "" || (Candidate{}).String() != "no candidate" {
		t.Error("nil related address")
	}
	if got := a.String(); got != "udp4 srflx 10.0.0.1:9 related 10.0.0.2:1" {
		t.Errorf("String: %s", got)
	}
}

func TestEnumNames(t *testing.T) {
	for _, n := range []NetworkType{NetworkTypeUDP4, NetworkTypeUDP6, NetworkTypeTCP4, NetworkTypeTCP6} {
		got, err := NewNetworkType(strings.ToUpper(n.String()))
		if err != nil || got != n {
			t.Errorf("%v reads back as %v: %v", n, got, err)
		}
		if n.IsUDP() == n.IsTCP() || n.IsIPv4() == n.IsIPv6() || n.IsReliable() != n.IsTCP() || n.NetworkShort() != n.String()[:3] {
			t.Errorf("predicates of %v", n)
		}
	}
	if _, err := NewNetworkType("udp5"); err == nil {
		t.Error("udp5 is a network type")
	}
	for _, v := range []TCPType{TCPTypeActive, TCPTypePassive, TCPTypeSimultaneousOpen} {
		if NewTCPType(v.String()) != v {
			t.Errorf("%v does not read back", v)
		}
	}
	if NewTCPType("") != TCPTypeUnspecified {
		t.Error("an empty tcptype")
	}
	if NetworkType(0).Protocol() != "" || !strings.Contains(NetworkType(0).String(), "0") || !strings.Contains(CandidateType(9).String(), "9") {
		t.Error("values that are no constants")
	}
}

func TestPriority(t *testing.T) {
	// RFC 8445 §5.1.2.1: type, then local preference, then component decide.
	order := []uint32{
		Priority(0, 0, 256), Priority(0, 0, 255), Priority(0, 1, 256), Priority(0, 65535, 1),
		Priority(1, 0, 256), Priority(126, 65534, 1), Priority(126, 65535, 2), Priority(126, 65535, 1),
	}
	for i := range order[1:] {
		if order[i] >= order[i+1] {
			t.Errorf("priority %d is %#x, the next %#x", i, order[i], order[i+1])
		}
	}
	if Priority(200, 0, 1) != Priority(126, 0, 1) || Priority(1, 1, 0) != Priority(1, 1, 1) || Priority(1, 1, 300) != Priority(1, 1, 256) {
		t.Error("values out of range are not cut")
	}
	if priorityOf(CandidateTypeRelay, NetworkTypeUDP4, 0, 0, 256) != 1 {
		t.Error("a priority of 0 was made")
	}
	// RFC 6544 §4.2: a TCP candidate comes after a UDP one of its kind, and
	// active before passive before simultaneous-open for host candidates.
	tcp := func(typ TCPType) uint32 {
		return priorityOf(CandidateTypeHost, NetworkTypeTCP4, typ, 65535, 1)
	}
	if udp := priorityOf(CandidateTypeHost, NetworkTypeUDP4, 0, 0, 1); udp <= tcp(TCPTypeActive) ||
		tcp(TCPTypeActive) <= tcp(TCPTypePassive) || tcp(TCPTypePassive) <= tcp(TCPTypeSimultaneousOpen) {
		t.Error("order of TCP candidates")
	}
}

func FuzzUnmarshalCandidate(f *testing.F) {
	for _, line := range browserCandidates {
		f.Add(line)
	}
	f.Add("1 1 tcp 1 10.0.0.1 9 typ host tcptype active a  b c")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := UnmarshalCandidate(line)
		if err != nil {
			if !c.IsZero() {
				t.Error("an error and a candidate")
			}
			return
		}
		// What was read can be written, and says the same when read again.
		again, err := UnmarshalCandidate(c.Marshal())
		if err != nil {
			t.Fatalf("%q marshals to %q: %v", line, c.Marshal(), err)
		}
		if again.Marshal() != c.Marshal() || again.ID() != c.ID() || again.Addr() != c.Addr() {
			t.Fatalf("%q is %q, and read again %q", line, c.Marshal(), again.Marshal())
		}
	})
}

func TestCandidateExtensionsOfTCP(t *testing.T) {
	c, err := UnmarshalCandidate("1 1 tcp 1 10.0.0.1 9 typ host tcptype active generation 0")
	if err != nil {
		t.Fatal(err)
	}
	if list := c.Extensions(); len(list) != 2 || list[0] != (CandidateExtension{"tcptype", "active"}) {
		t.Errorf("Extensions: %v", list)
	}
	if e, ok := c.GetExtension("tcptype"); !ok || e.Value != "active" {
		t.Errorf("tcptype: %v %v", e, ok)
	}
	if err := c.AddExtension(CandidateExtension{"tcptype", "passive"}); err != nil || c.TCPType() != TCPTypePassive {
		t.Errorf("tcptype passive: %v, %v", err, c.TCPType())
	}
	if !c.RemoveExtension("tcptype") || c.TCPType() != TCPTypeUnspecified {
		t.Error("tcptype is not removed")
	}
	// As many extensions as are read can be added, and no more.
	for i := range maxExtensions {
		err = c.AddExtension(CandidateExtension{Key: strings.Repeat("x", i+1), Value: "1"})
	}
	var field *CandidateFieldError
	if !errors.As(err, &field) || !strings.Contains(field.Error(), "there are 32 already") {
		t.Errorf("one too many: %v", err)
	}
	if len(c.Extensions()) != maxExtensions {
		t.Errorf("%d extensions", len(c.Extensions()))
	}
}

func TestStateAndSchemeNames(t *testing.T) {
	for s, want := range map[interface{ String() string }]string{
		GatheringStateNew: "new", GatheringStateGathering: "gathering", GatheringStateComplete: "complete",
		GatheringState(9): "unknown gathering state 9", SchemeTURNS: "turns", Scheme(9): "unknown scheme 9",
		CandidateTypePeerReflexive: "prflx", TCPTypeSimultaneousOpen: "so",
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
