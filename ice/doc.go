// Package ice finds and keeps a path between two peers: Interactive
// Connectivity Establishment (RFC 8445) with trickle (RFC 8838), consent
// (RFC 7675) and patience (RFC 8863).
//
// The package can be imported, but only the root package webrtc promises
// compatibility.
//
// # Parts
//
// A Candidate is an address at which a peer may be reached. A Gatherer finds
// the local ones, over the host's interfaces and with the help of STUN and TURN
// servers.
// An Agent pairs them with the peer's, checks the pairs, has the controlling
// side nominate one, and watches over it. Agent and Gatherer do not know each
// other: their owner carries candidates and packets between them.
//
// # The agent
//
// An Agent is a state machine. It has no socket, clock, goroutine or lock; one
// goroutine owns it, gives it what happens together with the time, sends what
// Poll returns, and calls HandleTimeout when NextTimeout says:
//
//	agent := ice.NewAgent(ice.AgentConfig{Controlling: true})
//	agent.AddLocalCandidate(now, candidate, socket)
//	agent.SetRemoteCredentials(now, ufrag, pwd)
//	err := agent.AddRemoteCandidate(now, remote)
//	for {
//		for event, ok := agent.Poll(); ok; event, ok = agent.Poll() {
//			switch event := event.(type) {
//			case ice.Transmit: // send event.Data from socket event.Base to event.To
//			case ice.SelectedPairChanged: // packets go on event.Pair from now on
//			case ice.StateChanged: // tell the program
//			}
//		}
//		select {
//		case <-time.After(time.Until(agent.NextTimeout())):
//			agent.HandleTimeout(time.Now())
//		case p := <-packets: // those that are STUN (RFC 7983)
//			agent.HandlePacket(time.Now(), p.socket, p.from, p.data)
//		}
//	}
//
// Packets may flow as soon as the first SelectedPairChanged arrives, which is
// with the first valid pair and a round trip before the nomination.
//
// A restart (Restart, or new credentials of the peer) begins a new generation
// of credentials, candidates and pairs. The old pair carries packets until the
// new generation has nominated one, and Rollback returns to the old generation.
//
// What fails to be authentic is dropped and counted (Counters); what a peer
// can make the agent remember or send is bounded.
//
// # The gatherer
//
// A Gatherer is driven in the same way, and its STUN and TURN clients and its
// resolver for names under .local are state machines too. Around them it has what waits for
// the network: sockets, which it opens and closes and its owner reads, and these
// goroutines, whose results come back to the owner through
// GathererConfig.Post:
//
//   - one at a time that lists the interfaces and opens sockets, from Gather or
//     Rescan; it ends when it has done so;
//   - one for each server name that is looked up; it ends with the answer, at
//     GathererConfig.STUNTimeout, or at the next Gather;
//   - one for each way to a TURN server that is opened; it ends when the way
//     stands, at GathererConfig.STUNTimeout, or at the next Gather; if the way is
//     a stream, it writes to that and ends when the relay's socket is closed;
//   - one that reads the socket of each way over DTLS; it ends when that is closed;
//   - one at a time that opens multicast sockets, from Resolve; it ends when it
//     has done so;
//   - those of TCP candidates' streams (internal/mux), which end with their socket;
//   - one that waits for these where a socket is closed while the gatherer goes on;
//   - one for each address that is hidden behind a name, from Gather; it ends when
//     others can resolve the name;
//   - one that reads each multicast socket; it ends when the socket is closed,
//     three seconds after the last name was resolved.
//
// Close ends them all and waits for them.
//
// # Networks that change
//
// With GathererConfig.Continual the gatherer follows its host: it is told of changes by
// the network (NetworkWatcher) and announces what comes and goes. HandleSilence,
// HandleStranger and Gatherer.Doubt are what an owner that sees the packets can tell of
// a path before the next consent check would. A better pair that comes after the
// nomination is nominated in its turn (draft-thatcher-ice-renomination).
//
// The names under .local of all gatherers on one Network have one responder, with
// one goroutine for each of its multicast sockets and a timer; they end with the
// last name, at the latest when the last of the gatherers is closed.
//
// # Shared ports
//
// A UDPMux or TCPMux has ports that the gatherers of many connections share. Each
// gets a socket that is its part of the port (internal/mux), which the owner does
// not read: it is told what has come. The owner tells it in return which addresses
// HandlePacket has shown to be the peer's.
//
// # Relays
//
// A relayed candidate has a socket of its own kind: what is written to a peer's
// address goes through the TURN server, and what peers send to the relayed
// address is read as if it came from them. The owner treats it like any other,
// from SocketOpened to SocketClosed, which also comes when the server gives the
// allocation up. Messages to and from the server itself pass under the server's
// address, as Transmit and HandlePacket. Permit tells the gatherer of the peer's
// addresses, so that their packets are let in from the first check on; the first
// packet that is no STUN gets its destination a channel.
//
// # NATs
//
// NATDiscovery finds out how the NATs before a host map and filter, for diagnosis:
// the agent needs no such knowledge. While Discover runs, two goroutines read its
// two sockets.
package ice
