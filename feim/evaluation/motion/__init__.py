"""Think-Before-Draw: does reading find the emotion, and do muscles do what was asked of them?"""
