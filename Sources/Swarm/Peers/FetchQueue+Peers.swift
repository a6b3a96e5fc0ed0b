// Who can be asked: peers come and go, and say what they hold.

internal import GroupModel
internal import Link

extension FetchQueue {
  func peerCame(_ peer: PeerID) {
    if peers[peer] == nil { peers[peer] = PeerPace() }
  }

  /// Its line has ended. What it was asked for is asked of others.
  func peerLeft(_ peer: PeerID) {
    peerRestarted(peer)
    peers[peer] = nil
  }

  /// One line to it has ended, but it has another: what was asked on the old one is asked anew.
  func peerRestarted(_ peer: PeerID) {
    for (ticket, request) in requests where request.peer == peer && !request.hasLanded { forget(ticket) }
    for content in contents.values { peerParted(peer, from: content) }
  }

  /// Something small was asked of it, and has come.
  func answered(_ peer: PeerID, after asked: Instant, now: Instant) {
    peers[peer]?.roundTrip(took: PeerPace.seconds(from: asked, to: now))
  }

  /// What it says it holds, all of it.
  func peerHolds(_ peer: PeerID, _ blocks: BlockRuns, of content: FetchedContent) {
    guard peers[peer] != nil else { return }
    content.holdings[peer] = blocks
    content.rarity = nil
  }

  func peerGained(_ peer: PeerID, _ blocks: BlockRuns, of content: FetchedContent) {
    guard content.holdings[peer] != nil else { return }
    content.holdings[peer]?.formUnion(blocks)
    noteChange(of: content)
  }

  func peerLost(_ peer: PeerID, _ blocks: BlockRuns, of content: FetchedContent) {
    guard content.holdings[peer] != nil else { return }
    content.holdings[peer]?.subtract(blocks)
    noteChange(of: content)
  }

  /// It does not have the content, or gives us nothing of it.
  func peerParted(_ peer: PeerID, from content: FetchedContent) {
    content.holdings[peer] = nil
    content.cursors[peer] = nil
    content.rarity = nil
  }

  /// Those who may hold it and are not reached yet; what was known of them before is forgotten.
  func prospects(of content: FetchedContent, are prospects: [Holding.Pieces], isBeingLocated: Bool) {
    content.prospects = prospects.map { FetchedContent.Prospect(pieces: $0) }
    content.isBeingLocated = isBeingLocated
  }

  private func noteChange(of content: FetchedContent) { content.rarityIsOld = true }

  /// Counting who holds what takes the longer the more their runs are scattered, and changes all the time while
  /// a group fetches together: so a count is good for a moment.
  func rarity(of content: FetchedContent, now: Instant) -> Rarity {
    if let rarity = content.rarity, !content.rarityIsOld || now < content.rarityKept { return rarity }
    let rarity = Rarity(of: content.holdings.values)
    content.rarity = rarity
    content.rarityIsOld = false
    content.rarityKept = now + Self.rarityMilliseconds
    return rarity
  }

  private static var rarityMilliseconds: Int { 50 }
}
