// Package simnet is a virtual network in memory, for tests of programs that
// speak UDP: hosts with sockets, NATs, delay, loss, limited rates, cuts, and
// interfaces that come and go. It is made for testing/synctest, where a day of
// calls takes milliseconds and every duration is exact to the nanosecond; on
// the real clock it works too.
//
//	synctest.Test(t, func(t *testing.T) {
//		n := simnet.New(1)
//		defer n.Close()
//		n.SetDefaultPath(simnet.Path{Delay: 50 * time.Millisecond, Loss: 0.05})
//		nat := n.NAT("home", "203.0.113.1", simnet.NATConfig{Filtering: simnet.AddressPortDependent})
//		a := n.Host("a", simnet.Addrs("192.168.0.2"), simnet.Behind(nat))
//		b := n.Host("b", simnet.Addrs("198.51.100.1", "2001:db8::1"))
//		n.DNS("stun.example.com", "198.51.100.1")
//		conn, err := a.ListenUDP(netip.MustParseAddrPort("192.168.0.2:0"))
//		…
//		n.Cut(a, b)
//		time.Sleep(10 * time.Second)
//		n.Heal(a, b)
//	})
//
// # Hosts
//
// A Host is an udp.Network: the code under test takes it in place of
// udp.System. ListenPacket gives sockets that are net.PacketConns, for servers that
// know nothing of this module. Each host has a loopback interface "lo" with
// 127.0.0.1 and ::1; the addresses that it is made with are those of "eth0", and
// AddInterface adds more, each attached where it likes: behind a NAT, on a LAN,
// or to the internet at large. Interfaces go down, vanish, and move while
// sockets live; those then behave as on Linux: reads wait on, and writes give
// ENETUNREACH. A socket bound to an address sends through the interface that
// has the address.
//
// Whatever concerns the sending host is an error of the write: no route, wrong
// family, too long. Everything beyond is silent, as on a real network, and
// counted by Stats.
//
// # Paths
//
// Every packet crosses exactly one path, from the host that sends it to the host
// that it is for, however many NATs lie between; those cost no time. Of what
// was said about the two, the most specific holds:
//
//   - Link between interfaces, hosts, NATs (for all that is behind them) or Any;
//   - the LAN's path, where both are on one;
//   - the default path.
//
// A path is a delay with jitter, losses alone and in bursts, reordering,
// duplication, a rate with a queue that drops from its tail and may mark packets
// before (ECN), and an MTU. A path with neither Reorder nor a change of settings in
// between keeps packets in order. Cut drops what is under way as well.
//
// # NATs
//
// A NAT maps and filters in each of the ways of RFC 4787, hairpins or not, keeps
// ports or not, and forgets mappings that are not refreshed from inside. What is
// inside one is an address space of its own: two homes may both have a
// 192.168.0.2. NATs stand behind NATs; IPv6 is translated, routed behind a
// firewall (RFC 6092), or absent. Outbound packets are translated when they are
// sent, inbound ones when they arrive. Mappings depend on nothing but the order
// of packets: a Rebind or Renumber between two calls takes effect between them.
//
// # Streams
//
// A host dials TCP connections to what another one listens on, through every NAT
// and past every block of UDP, as TURN over TCP is there to. They are reliable
// pipes without buffers: no path delays or loses what they carry.
//
// # LANs
//
// Interfaces on one LAN hear each other's multicast (the mDNS group of RFC 6762,
// say) and reach each other's IPv6 link-local addresses. The inside of a NAT is
// a LAN. Groups are per socket: there is no IGMP.
//
// # Watching and meddling
//
// Tap tells of each packet sent, delivered and dropped, and may use the network
// itself; SetFilter picks packets to lose; Inject makes packets out of nothing,
// from any address, on the internet or on a host's own wire.
//
// # Time and chance
//
// The network has no goroutine of its own. Packets that are due move when
// somebody sends, or when its one timer fires; all of them pass through one queue ordered
// by time and then by when they were sent, so that equal times never reorder.
// Each link draws from a source of chance of its own, made from the network's
// seed and the names at its ends: what happens on a link is a function of the
// seed and the packets on that link, whatever else goes on. Programs that send on one
// link from several goroutines at one instant are the only thing left that can
// make two runs differ.
//
// A network belongs to the bubble that it was made in. Close ends its reads and
// stops its timers, after which the bubble can end.
//
// # What is not here
//
// TCP on paths, ICMP, fragmentation (a packet passes an MTU or vanishes), routing between
// LANs other than through NATs, and address families other than IP. An address
// of one host cannot be bound on another, whatever its netmask: masks are for
// the list of interfaces and the choice of source addresses alone.
package simnet
