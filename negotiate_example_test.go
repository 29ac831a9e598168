package webrtc_test

import (
	"context"
	"fmt"

	"github.com/parleyrtc/webrtc"
)

// Two peers stay negotiated, whatever either does.
func ExampleNegotiate() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signalA, signalB := webrtc.NewSignalPair() // or NewStreamSignalChannel(conn) to another machine
	a, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		panic(err)
	}
	defer a.Close()
	b, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		panic(err)
	}
	defer b.Close()
	go webrtc.Negotiate(ctx, a, signalA, webrtc.Polite)
	go webrtc.Negotiate(ctx, b, signalB, webrtc.Impolite)

	said := make(chan string)
	b.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnMessage(func(m webrtc.DataChannelMessage) { said <- string(m.Data) })
	})
	channel, err := a.CreateDataChannel("chat", nil)
	if err != nil {
		panic(err)
	}
	channel.OnOpen(func() { _ = channel.SendText("hello") })
	fmt.Println(<-said)
	// Output: hello
}
