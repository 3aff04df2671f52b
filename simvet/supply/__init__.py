"""What schools have: teachers and what they can do, space, equipment, books, money, and what else a plan counts."""
