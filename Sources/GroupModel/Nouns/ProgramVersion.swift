// Which p2pfs this is: what both programs say when they are asked, and what the package is called by.

package let programVersion = "0.1.0"
