package ice

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// nic describes an interface: flags as letters (u up, l loopback, p
// point-to-point) and addresses.
func nic(name, flags string, addrs ...string) udp.Interface {
	i := udp.Interface{Name: name}
	for _, f := range flags {
		i.Flags |= map[rune]net.Flags{'u': net.FlagUp, 'l': net.FlagLoopback, 'p': net.FlagPointToPoint}[f]
	}
	for _, a := range addrs {
		i.Addrs = append(i.Addrs, netip.MustParsePrefix(a))
	}
	return i
}

func TestSelectAddresses(t *testing.T) {
	lan := nic("eth0", "u", "192.0.2.1/24", "2001:db8::1/64")
	for name, test := range map[string]struct {
		rules      addressRules
		interfaces []udp.Interface
		want       string
	}{
		"both versions, IPv6 first": {interfaces: []udp.Interface{lan}, want: "2001:db8::1 192.0.2.1"},
		"down":                      {interfaces: []udp.Interface{nic("eth0", "", "192.0.2.1/24")}},
		"loopback":                  {interfaces: []udp.Interface{nic("lo", "ul", "127.0.0.1/8", "::1/128"), lan}, want: "2001:db8::1 192.0.2.1"},
		"loopback included": {rules: addressRules{loopback: true}, want: "::1 127.0.0.1",
			interfaces: []udp.Interface{nic("lo", "ul", "127.0.0.1/8", "::1/128")}},
		"a loopback address on another interface": {interfaces: []udp.Interface{nic("eth0", "u", "127.0.0.2/8", "192.0.2.1/24")}, want: "192.0.2.1"},
		"link-local beside a routable address": {want: "192.0.2.1",
			interfaces: []udp.Interface{nic("eth0", "u", "fe80::1/64", "169.254.3.4/16", "192.0.2.1/24")}},
		"link-local alone": {want: "fe80::1%eth0 169.254.3.4",
			interfaces: []udp.Interface{nic("eth0", "u", "fe80::1/64", "169.254.3.4/16")}},
		"link-local beside an address of another interface": {want: "fe80::1%eth0 192.0.2.1",
			interfaces: []udp.Interface{nic("eth0", "u", "fe80::1/64"), nic("eth1", "u", "192.0.2.1/24")}},
		"link-local beside an address of an excluded version": {rules: addressRules{networkTypes: []NetworkType{NetworkTypeUDP6}}, want: "fe80::1%eth0",
			interfaces: []udp.Interface{nic("eth0", "u", "fe80::1/64", "192.0.2.1/24")}},
		"deprecated and mapped IPv6": {want: "2001:db8::1",
			interfaces: []udp.Interface{nic("eth0", "u", "::192.0.2.1/96", "fec0::1/64", "feff::1/64", "2001:db8::1/64")}},
		"not unicast": {interfaces: []udp.Interface{nic("eth0", "u", "0.0.0.0/0", "224.0.0.1/4", "ff02::1/64", "255.255.255.255/32")}},
		// RFC 8445 §5.1.1.1 with RFC 7721.
		"an address that tracks, beside a private one of the network": {want: "2001:db8::abcd 2001:db8:1:0:211:22ff:fe33:4455",
			interfaces: []udp.Interface{nic("eth0", "u", "2001:db8::211:22ff:fe33:4455/64", "2001:db8::abcd/64", "2001:db8:1::211:22ff:fe33:4455/64")}},
		"only IPv4":        {rules: addressRules{networkTypes: []NetworkType{NetworkTypeUDP4}}, interfaces: []udp.Interface{lan}, want: "192.0.2.1"},
		"only TCP":         {rules: addressRules{networkTypes: []NetworkType{NetworkTypeTCP4}}, interfaces: []udp.Interface{lan}},
		"interface filter": {rules: addressRules{interfaceFilter: func(n string) bool { return n != "eth0" }}, interfaces: []udp.Interface{lan, nic("eth1", "u", "192.0.2.9/24")}, want: "192.0.2.9"},
		"address filter":   {rules: addressRules{ipFilter: netip.Addr.Is6}, interfaces: []udp.Interface{lan}, want: "2001:db8::1"},
		"VPN last": {want: "192.0.2.1 10.8.0.1",
			interfaces: []udp.Interface{nic("tun0", "up", "10.8.0.1/32"), nic("eth0", "u", "192.0.2.1/24")}},
		"the same address twice": {want: "192.0.2.1",
			interfaces: []udp.Interface{nic("eth0", "u", "192.0.2.1/24"), nic("eth1", "u", "192.0.2.1/24")}},
		// RFC 8421 §4: Hi = (2 + 4) / 2 = 3.
		"fair between the versions": {want: "2001:db8::1 2001:db8::2 2001:db8::3 192.0.2.1 2001:db8::4 192.0.2.2",
			interfaces: []udp.Interface{nic("eth0", "u", "192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64", "2001:db8::2/64", "2001:db8::3/64", "2001:db8::4/64")}},
	} {
		var got []string
		for _, a := range test.rules.selectAddresses(test.interfaces) {
			got = append(got, a.ip.String())
		}
		if want := strings.Fields(test.want); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
