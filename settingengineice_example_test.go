package webrtc_test

import (
	"fmt"
	"log"
	"net"

	"github.com/parleyrtc/webrtc"
)

// All connections of a server on one UDP port and, for peers without UDP, one TCP
// port: one socket, and one goroutine that reads it, however many connections there
// are. ice.NewMultiUDPMuxFromPort opens a port on all of the host's addresses.
func ExampleSettingEngine_SetICEUDPMux() {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	udp, tcp := webrtc.NewICEUDPMux(nil, conn), webrtc.NewICETCPMux(nil, listener, 0)
	defer udp.Close()
	defer tcp.Close()

	var settings webrtc.SettingEngine
	settings.SetICEUDPMux(udp)
	settings.SetICETCPMux(tcp)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings))

	for range 3 {
		pc, err := api.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			log.Fatal(err)
		}
		defer pc.Close()
		// ... negotiate with a peer
	}
	fmt.Println(len(udp.GetListenAddresses()), "address")
	// Output: 1 address
}
