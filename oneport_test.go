package webrtc

import (
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/ice"
	"github.com/parleyrtc/webrtc/internal/leaktest"
)

// muxGoroutines counts the goroutines of shared ports.
func muxGoroutines() int {
	stacks := make([]byte, 256<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, body := range []string{"(*Port).read", "(*Listener).accept", "(*StreamConn).read", "(*stream).flush"} {
			if strings.Contains(stack, "internal/mux."+body+"(") {
				n++
				break
			}
		}
	}
	return n
}

// openSockets counts the sockets of this process; ok is false where the system does
// not tell.
func openSockets() (n int, ok bool) {
	files, err := os.ReadDir("/proc/self/fd")
	for _, f := range files {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n, err == nil
}

// onePort connects n pairs of a client, which has a socket of its own, and a server
// connection whose settings share a port with all others. It returns them connected.
func onePort(t *testing.T, n int, server, client SettingEngine) []*loopbackPair {
	t.Helper()
	apis := []*API{NewAPI(WithSettingEngine(client)), NewAPI(WithSettingEngine(server))}
	config := sharedCertificate(t)
	pairs := make([]*loopbackPair, n)
	work := make(chan int)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for i := range work {
				p, err := newPairOf(apis[0], apis[1], config)
				if err == nil {
					pairs[i] = p
					if err = p.negotiates(); err == nil {
						err = p.talks(time.Minute)
					}
				}
				if err != nil {
					t.Errorf("pair %d: %v", i, err)
				}
			}
		})
	}
	for i := range pairs {
		work <- i
	}
	close(work)
	workers.Wait()
	return pairs
}

// onceInAProcess makes a connection, for what the first one of a process opens for
// all.
func onceInAProcess(t *testing.T, settings SettingEngine) {
	t.Helper()
	pc, err := NewAPI(WithSettingEngine(settings)).NewPeerConnection(Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	if _, err := pc.CreateDataChannel("data", nil); err != nil {
		t.Fatal(err)
	}
	gathered := GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(SessionDescription{}); err != nil {
		t.Fatal(err)
	}
	<-gathered
}

// sayAgain sends a message over every pair, now that all are connected.
func sayAgain(t *testing.T, pairs []*loopbackPair) {
	t.Helper()
	heard := make(chan struct{}, len(pairs))
	for _, p := range pairs {
		p.channel.OnMessage(func(DataChannelMessage) { heard <- struct{}{} })
		p.other.OnMessage(func(m DataChannelMessage) { _ = p.other.Send(m.Data) }) // the echo
		if err := p.channel.SendText("again"); err != nil {
			t.Error(err)
		}
	}
	late := time.After(time.Minute)
	for i := range pairs {
		select {
		case <-heard:
		case <-late:
			t.Fatalf("%d of %d echoes have come", i, len(pairs))
		}
	}
}

func closeAll(t *testing.T, pairs []*loopbackPair) {
	t.Helper()
	var closing sync.WaitGroup
	for _, p := range pairs {
		closing.Go(func() {
			_ = p.offerer.Close()
			_ = p.answerer.Close()
		})
	}
	closing.Wait()
}

// TestManyConnectionsOnOneUDPPort has all of a server's connections on one port:
// there is one socket for them and one goroutine that reads it.
func TestManyConnectionsOnOneUDPPort(t *testing.T) {
	n := 2000
	if testing.Short() || raceDetector {
		n = 60
	}
	leaktest.Check(t)
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	mux := NewICEUDPMux(nil, conn).(*ice.UDPMuxDefault)
	defer mux.Close()
	client := loopbackAPI().settings
	server := client
	server.SetICEUDPMux(mux)
	onceInAProcess(t, client)
	sockets, counts := openSockets()
	before := runtime.NumGoroutine()
	begin := time.Now()
	pairs := onePort(t, n, server, client)
	took := time.Since(begin)
	if t.Failed() {
		closeAll(t, pairs)
		return
	}
	sayAgain(t, pairs)
	if c := mux.Counters(); c.Connections != n || c.Addresses < n || c.Conflicts != 0 {
		t.Errorf("%+v", c)
	}
	if g := muxGoroutines(); g != 1 {
		t.Errorf("%d goroutines read the port", g)
	}
	open, _ := openSockets()
	open -= watching()               // the process's
	if counts && open-sockets != n { // those of the clients
		t.Errorf("%d sockets were opened, want %d for the clients and none for the servers", open-sockets, n)
	}
	t.Logf("%d connections on %s in %v; 1 socket and 1 goroutine for them, %d sockets for their peers, %d goroutines in all",
		n, mux.LocalAddr(), took.Round(time.Millisecond), open-sockets, runtime.NumGoroutine()-before)
	closeAll(t, pairs)
	if c := mux.Counters(); c.Connections != 0 || c.Addresses != 0 {
		t.Errorf("%+v after all have closed", c)
	}
}

// TestManyConnectionsOnOneTCPPort is the same over TCP, where each stream is a
// socket of its own, with a goroutine.
func TestManyConnectionsOnOneTCPPort(t *testing.T) {
	n := 500
	if testing.Short() || raceDetector {
		n = 30
	}
	leaktest.Check(t)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := NewICETCPMux(nil, ln, 8).(*ice.TCPMuxDefault)
	defer mux.Close()
	client := loopbackAPI().settings
	client.SetNetworkTypes([]NetworkType{NetworkTypeTCP4})
	server := client
	server.SetICETCPMux(mux)
	onceInAProcess(t, client)
	sockets, counts := openSockets()
	before := runtime.NumGoroutine()
	begin := time.Now()
	pairs := onePort(t, n, server, client)
	took := time.Since(begin)
	if t.Failed() {
		closeAll(t, pairs)
		return
	}
	sayAgain(t, pairs)
	if c := mux.Counters(); c.Connections != n || c.UnknownUfrags+c.Malformed+c.Refused != 0 {
		t.Errorf("%+v", c)
	}
	settles(t, "goroutines of streams: one that accepts and two for each", 1+2*n, muxGoroutines)
	open, _ := openSockets()
	open -= watching()                 // the process's
	if counts && open-sockets != 2*n { // both ends of each stream
		t.Errorf("%d sockets were opened, want %d", open-sockets, 2*n)
	}
	t.Logf("%d connections on %s in %v; %d sockets for both ends, %d goroutines in all",
		n, mux.LocalAddr(), took.Round(time.Millisecond), open-sockets, runtime.NumGoroutine()-before)
	closeAll(t, pairs)
	if c := mux.Counters(); c.Connections != 0 || c.Newcomers != 0 {
		t.Errorf("%+v after all have closed", c)
	}
}

// A packetConn hides what kind of socket it is.
type packetConn struct{ net.PacketConn }

// TestSharedPortsOfEveryKind connects through sockets that were opened in other ways:
// bound to all addresses, of both IP versions, of another type, and several for one
// port.
func TestSharedPortsOfEveryKind(t *testing.T) {
	leaktest.Check(t)
	listen := func(network, address string) net.PacketConn {
		conn, err := net.ListenPacket(network, address)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	free := listen("udp4", "127.0.0.1:0")
	port := free.LocalAddr().(*net.UDPAddr).Port
	free.Close()
	for _, c := range []struct {
		name       string
		open       func() (ice.UDPMux, error)
		goroutines int
	}{
		{"all addresses of IPv4", func() (ice.UDPMux, error) { return NewICEUDPMux(nil, listen("udp4", "0.0.0.0:0")), nil }, 1},
		{"all addresses", func() (ice.UDPMux, error) { return NewICEUDPMux(nil, listen("udp", ":0")), nil }, 1},
		{"another type", func() (ice.UDPMux, error) {
			return NewICEUDPMux(nil, packetConn{listen("udp4", "127.0.0.1:0")}), nil
		}, 1},
		{"several sockets", func() (ice.UDPMux, error) {
			return ice.NewMultiUDPMuxFromPort(port, ice.UDPMuxFromPortWithLoopback(), ice.UDPMuxFromPortWithSockets(3),
				ice.UDPMuxFromPortWithNetworks(ice.NetworkTypeUDP4),
				ice.UDPMuxFromPortWithIPFilter(func(ip net.IP) bool { return ip.Equal(net.IPv4(127, 0, 0, 1)) }))
		}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			mux, err := c.open()
			if err != nil {
				t.Fatal(err)
			}
			defer mux.Close()
			if len(mux.GetListenAddresses()) == 0 {
				t.Error("the mux has no addresses")
			}
			client := loopbackAPI().settings
			server := client
			server.SetICEUDPMux(mux)
			pairs := onePort(t, 12, server, client)
			if !t.Failed() {
				sayAgain(t, pairs)
				if g := muxGoroutines(); g != c.goroutines && runtime.GOOS == "linux" {
					t.Errorf("%d goroutines read the port, want %d", g, c.goroutines)
				}
			}
			mux.Close() // below its connections, which are none the worse for it
			closeAll(t, pairs)
		})
	}
	t.Run("TCP on all addresses", func(t *testing.T) {
		ln, err := net.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		mux := NewICETCPMux(nil, ln, 8)
		defer mux.Close()
		client := loopbackAPI().settings
		client.SetNetworkTypes([]NetworkType{NetworkTypeTCP4})
		server := client
		server.SetICETCPMux(mux)
		pairs := onePort(t, 12, server, client)
		if !t.Failed() {
			sayAgain(t, pairs)
		}
		mux.Close()
		closeAll(t, pairs)
	})
}

// watching is how many sockets tell of changes of the host's interfaces: on Linux one
// for the process while there are connections.
func watching() int {
	if runtime.GOOS == "linux" {
		return goroutinesByPart()["netwatch.(*set).run"]
	}
	return 0
}
