package simnet_test

import (
	"fmt"

	"github.com/parleyrtc/webrtc/internal/simnet"
)

// A server sees its client's external address.
func Example() {
	n := simnet.New(1)
	defer n.Close()
	nat := n.NAT("home", "203.0.113.1", simnet.NATConfig{Ports: simnet.SequentialPorts})
	client := n.Host("client", simnet.Addrs("192.168.0.2"), simnet.Behind(nat))
	server := n.Host("server", simnet.Addrs("198.51.100.1"))

	c, err := client.ListenPacket("udp", "192.168.0.2:5000")
	if err != nil {
		panic(err)
	}
	s, err := server.ListenPacket("udp", "198.51.100.1:3478")
	if err != nil {
		panic(err)
	}
	if _, err := c.WriteTo([]byte("hello"), s.LocalAddr()); err != nil {
		panic(err)
	}
	buf := make([]byte, 100)
	k, from, err := s.ReadFrom(buf)
	fmt.Printf("%s from %v, %v\n", buf[:k], from, err)
	fmt.Println(n.Stats())
	// Output:
	// hello from 203.0.113.1:1024, <nil>
	// sent 1, delivered 1 (5 bytes)
}
